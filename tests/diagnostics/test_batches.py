"""What waits together is done together."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from diagnostics.batches import Batches

Steps = list[Callable[[], None]]


def test_what_waits_is_done_in_one_go_and_later_steps_find_nothing() -> None:
    done: list[list[str]] = []
    steps: Steps = []
    batches: Batches[str] = Batches(lambda batch: done.append(list(batch)), 3)
    for piece in "abcd":
        batches.add(piece, steps.append)
    for step in steps:
        step()
    assert done == [["a", "b", "c"], ["d"]]


def test_a_piece_that_waits_alone_is_done_alone() -> None:
    done: list[list[str]] = []
    batches: Batches[str] = Batches(lambda batch: done.append(list(batch)), 3)
    for piece in "ab":
        batches.add(piece, lambda step: step())
    assert done == [["a"], ["b"]]


def test_each_piece_is_done_once_by_whichever_thread() -> None:
    done: list[int] = []
    batches: Batches[int] = Batches(done.extend, 3)
    with ThreadPoolExecutor(8) as pool:
        for piece in range(1000):
            batches.add(piece, pool.submit)
    assert sorted(done) == list(range(1000))
