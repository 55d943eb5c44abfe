"""Machines whose clocks differ, and a dispatcher that stands still: neither costs anybody an attempt, or their turn."""

from __future__ import annotations

import pytest

from tests.chaos.cases import DONE, RECOVERY, attempts, finish, groups, open_cases, slow_cases_at_work
from tests.chaos.stack import START_LIMIT, Stack
from tests.customer import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(90)]
BEAT = "SELECT at FROM diagnostics_heartbeat WHERE name = 'dispatcher'"


def test_a_dispatcher_whose_clock_is_an_hour_ahead_takes_nobodys_work_away(stack: Stack) -> None:
    stack.parts["dispatcher"].kill()
    eventually(lambda: not stack.lock_holder(), RECOVERY)
    stack.begin_dispatcher("ahead", ahead=3600)
    eventually(stack.lock_holder, START_LIMIT, lambda: stack.words_of("ahead"))
    slow_cases_at_work(stack, 2)
    worker = stack.parts["worker"]
    worker.freeze()
    try:
        before = stack.query(BEAT)
        eventually(lambda: stack.query(BEAT) != before, RECOVERY, "a sweep while work is begun and not done")
    finally:
        worker.thaw()
    # What was frozen has missed its time limits, so the verdict is another matter.
    eventually(lambda: len(stack.query(DONE)) == 2, RECOVERY, lambda: groups(stack))
    assert attempts(stack) == {1}
    assert stack.query(BEAT + " AND at > now() + interval '1 minute'") == []


def test_a_dispatcher_that_stands_still_is_relieved(stack: Stack) -> None:
    """It holds the lock, and PostgreSQL cannot tell that it will not do anything with it."""
    first = stack.lock_holder()
    frozen = stack.parts["dispatcher"]
    frozen.freeze()
    try:
        stack.begin_dispatcher("standby")
        stack.query("UPDATE diagnostics_heartbeat SET at = now() - interval '1 minute'")
        open_cases(stack, 1)
        finish(stack, 1, seconds=START_LIMIT)
        second = stack.lock_holder()
        assert second not in (0, first)
    finally:
        frozen.thaw()
    eventually(lambda: "the database is away" in stack.words_of("dispatcher"), RECOVERY)
    open_cases(stack, 1)
    finish(stack, 2)
    assert stack.lock_holder() == second
    assert attempts(stack) == {1}
