"""The worker's one event loop: a uvloop in a thread of its own, started when first needed, one for each process."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")
TURN_SECONDS = 0.001
"""How long another thread may keep the interpreter while the loop wants it; Python's own 5 ms, many threads long, make
network time limits run out that the network kept.
"""
GRACE = 5.0
"""Seconds a cancelled coroutine has for cleaning up before it is given up."""


def run_on_loop(coroutine: Coroutine[Any, Any, T], timeout: float) -> T:
    """The coroutine's result, asked from any thread but the loop's own.

    Raises TimeoutError after `timeout` seconds, when the coroutine has been cancelled.
    """
    future = start_on_loop(coroutine, timeout)
    try:
        return future.result(timeout + GRACE)
    finally:
        future.cancel()


def start_on_loop(coroutine: Coroutine[Any, Any, T], timeout: float) -> Future[T]:
    """Starts the coroutine and returns at once.

    The future ends with its result, or with TimeoutError after `timeout` seconds, once the coroutine was cancelled.
    """
    loop = _running_loop()
    if threading.current_thread() is _State.thread:
        coroutine.close()
        raise RuntimeError("the loop's own thread cannot wait for the loop: await the coroutine instead")
    return asyncio.run_coroutine_threadsafe(_within(coroutine, timeout), loop)


async def _within(coroutine: Coroutine[Any, Any, T], seconds: float) -> T:
    async with asyncio.timeout(seconds):
        return await coroutine


class _State:
    lock = threading.Lock()
    loop: asyncio.AbstractEventLoop | None = None
    thread: threading.Thread | None = None


def _running_loop() -> asyncio.AbstractEventLoop:
    with _State.lock:
        if _State.loop is None:
            sys.setswitchinterval(TURN_SECONDS)
            _State.loop = uvloop.new_event_loop()
            _State.thread = threading.Thread(target=_State.loop.run_forever, name="network", daemon=True)
            _State.thread.start()
        return _State.loop


def _forget() -> None:
    _State.lock, _State.loop, _State.thread = threading.Lock(), None, None


os.register_at_fork(after_in_child=_forget)  # Threads do not survive a fork: a child starts a loop of its own.
