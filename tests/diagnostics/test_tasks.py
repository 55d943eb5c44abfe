"""Groups of one run wait for one another before they take a place at the database, so that no run takes them all."""

from __future__ import annotations

import threading

import pytest

from diagnostics import tasks

LIMIT = 20.0


@pytest.fixture
def blocked() -> threading.Event:
    return threading.Event()


def test_a_run_that_is_held_up_leaves_room_for_others(blocked: threading.Event) -> None:
    inside = threading.Semaphore(0)

    def one_group(run_id: int) -> None:
        with tasks._at_the_database(run_id):
            inside.release()
            assert blocked.wait(LIMIT)

    held_up = [threading.Thread(target=one_group, args=(1,)) for _ in range(2 * tasks.AT_THE_DATABASE)]
    for thread in held_up:
        thread.start()
    try:
        assert inside.acquire(timeout=LIMIT)
        others = [threading.Thread(target=one_group, args=(run_id,)) for run_id in range(2, 1 + tasks.AT_THE_DATABASE)]
        for thread in others:
            thread.start()
        assert all(inside.acquire(timeout=LIMIT) for _ in others)
        assert not inside.acquire(blocking=False)
    finally:
        blocked.set()
        for thread in (*held_up, *others):
            thread.join(LIMIT)


def test_a_place_is_given_back_after_a_fault() -> None:
    for _ in range(2 * tasks.AT_THE_DATABASE):
        with pytest.raises(ValueError, match="a fault"), tasks._at_the_database(1):
            raise ValueError("a fault")
    with tasks._at_the_database(1):
        assert tasks._runs
