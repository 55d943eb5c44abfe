"""Places at the database, of which a worker has few."""

from __future__ import annotations

import pytest

from diagnostics import tasks


def test_a_place_is_given_back_after_a_fault() -> None:
    for _ in range(2 * tasks.AT_THE_DATABASE):
        with pytest.raises(ValueError, match="a fault"), tasks._at_the_database():
            raise ValueError("a fault")
    places = [tasks._database.acquire(blocking=False) for _ in range(tasks.AT_THE_DATABASE + 1)]
    tasks._database.release(sum(places))
    assert places == [True] * tasks.AT_THE_DATABASE + [False]
