"""One uvloop for each process, in a thread of its own."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import pytest

from diagnostics.net.loop import run_on_loop


async def where() -> tuple[int, str]:
    return id(asyncio.get_running_loop()), type(asyncio.get_running_loop()).__module__


def test_all_threads_share_one_uvloop() -> None:
    with ThreadPoolExecutor(8) as threads:
        seen = set(threads.map(lambda _: run_on_loop(where(), 5), range(32)))
    assert len(seen) == 1
    assert seen.pop()[1].startswith("uvloop")


def test_the_result_and_the_exception_come_back() -> None:
    async def fail() -> None:
        raise LookupError("nothing there")

    assert run_on_loop(asyncio.sleep(0, "here"), 5) == "here"
    with pytest.raises(LookupError, match="nothing there"):
        run_on_loop(fail(), 5)


def test_what_takes_too_long_is_cancelled_before_the_caller_goes_on() -> None:
    cancelled = threading.Event()

    async def linger() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            cancelled.set()

    started = perf_counter()
    with pytest.raises(TimeoutError):
        run_on_loop(linger(), 0.05)
    assert perf_counter() - started < 1
    assert cancelled.is_set()


def test_many_wait_at_the_same_time() -> None:
    here, everybody = 0, asyncio.Event()

    async def wait_for_all() -> None:
        nonlocal here
        here += 1
        if here == 50:
            everybody.set()
        await everybody.wait()

    with ThreadPoolExecutor(50) as threads:
        list(threads.map(lambda _: run_on_loop(wait_for_all(), 20), range(50)))
    assert here == 50


def test_the_loop_does_not_wait_for_itself() -> None:
    async def nested() -> None:
        run_on_loop(asyncio.sleep(0), 5)

    with pytest.raises(RuntimeError, match="own thread"):
        run_on_loop(nested(), 5)


def test_a_forked_child_starts_a_loop_of_its_own() -> None:
    run_on_loop(asyncio.sleep(0), 5)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        answer = b"no"
        try:
            answer = run_on_loop(asyncio.sleep(0, b"yes"), 5)
        finally:
            os.write(write, answer)
            os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with os.fdopen(read, "rb") as answers:
        assert answers.read() == b"yes"
