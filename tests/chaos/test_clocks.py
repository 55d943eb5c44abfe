"""Machines whose clocks differ, and a dispatcher that stands still: neither costs anybody an attempt, or their turn."""

from __future__ import annotations

from collections.abc import Collection

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


def test_a_clock_that_was_away_makes_up_for_what_it_missed_once(stack: Stack) -> None:
    nightly, often = ("purge", "verify_audit"), ("erase_persons", "watch_fleet", "read_bounces")
    stack.parts["worker"].kill()  # what is started stays in the broker, to be counted
    stack.query("DELETE FROM diagnostics_heartbeat WHERE name LIKE 'job:%%'")
    stack.begin_clock()
    eventually(lambda: stack.takes_work("clock"), START_LIMIT, lambda: stack.words_of("clock"))
    assert not set(nightly) & set(waiting(stack)), "a new portal begins with nothing overdue"
    stack.parts["clock"].kill()

    a_day_passes(stack, (*nightly, *often))
    with stack.full_broker():
        stack.begin_clock()
        eventually(lambda: "Couldn't apply" in stack.words_of("clock"), START_LIMIT, lambda: stack.words_of("clock"))
    everything = {*nightly, *often}
    eventually(lambda: set(waiting(stack)) >= everything, START_LIMIT, lambda: waiting(stack))
    stack.parts["clock"].kill()
    stack.wipe_broker()

    a_day_passes(stack, often)
    stack.begin_clock()
    eventually(lambda: set(waiting(stack)) >= set(often), START_LIMIT, lambda: waiting(stack))
    assert not set(nightly) & set(waiting(stack)), "what was made up for is not done twice"


def waiting(stack: Stack) -> list[str]:
    return [*stack.waiting_tasks("hook"), *stack.waiting_tasks("mail")]


def a_day_passes(stack: Stack, tasks: Collection[str]) -> None:
    jobs = [f"job:{task.replace('_', '-')}" for task in tasks]
    stack.query("UPDATE diagnostics_heartbeat SET at = at - interval '1 day' WHERE name = ANY(%s)", jobs)


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
