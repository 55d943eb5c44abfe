"""A worker that is told to stop, as at every deployment: what it has begun it ends, and all else is for others."""

from __future__ import annotations

import os
import signal

import psycopg
import pytest

from portal.pool import CARRIERS
from tests.chaos.cases import (
    RECOVERY,
    SLOW_DOMAIN,
    address_of,
    attempts,
    finish,
    groups,
    message_state,
    open_cases,
    slow_cases_at_work,
)
from tests.chaos.stack import RUN_GROUPS, Stack
from tests.customer import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(90)]
MORE = 3
"""Cases whose work comes to the broker just after the worker was told to stop."""
NOTHING_BEGUN = {("queued", 0)}


def test_a_worker_that_stops_sends_the_message_that_it_has_begun_and_takes_nothing_more(stack: Stack) -> None:
    (customer,) = open_cases(stack, 1, SLOW_DOMAIN)
    finish(stack, 1)
    customer.ask_for_message("timeclock")
    eventually(lambda: message_state(stack) == "sending", RECOVERY)
    stack.parts["dispatcher"].kill()  # so that nobody but this test publishes
    open_cases(stack, MORE)
    queued = by_run(stack, "queued")
    with stack.carrier() as carrier, carrier.connection_for_write() as way:
        way.ensure_connection()
        tell_to_stop(stack)
        for pks in queued:
            carrier.send_task(RUN_GROUPS, args=(pks,), queue="probes", connection=way)
    assert message_state(stack) == "sending"
    wait_for_its_end(stack)
    assert (message_state(stack), stack.mails(address_of(customer, SLOW_DOMAIN))) == ("accepted", 1)
    assert {(state, attempt) for _run, _name, state, attempt in groups(stack)} == {("done", 1), *NOTHING_BEGUN}
    assert len(stack.waiting_tasks("probes")) == MORE
    stack.start_worker()
    finish(stack, 1 + MORE)
    assert attempts(stack) == {1}


def test_a_worker_that_stops_ends_the_runs_that_it_has_begun(stack: Stack) -> None:
    slow_cases_at_work(stack, 1)
    tell_to_stop(stack)
    wait_for_its_end(stack)
    finish(stack, 1)
    assert attempts(stack) == {1}


def test_what_a_stopping_worker_has_taken_and_not_begun_is_done_by_others_meanwhile(stack: Stack) -> None:
    stack.parts["dispatcher"].kill()
    open_cases(stack, CARRIERS)
    held = by_run(stack, "queued")
    open_cases(stack, 1)
    (last,) = (pks for pks in by_run(stack, "queued") if pks not in held)
    with psycopg.connect(stack.servers.database_url) as holding:
        # All that claim wait for these rows, and the last case waits for them.
        holding.execute("SELECT 1 FROM diagnostics_group WHERE id = ANY(%s) FOR UPDATE", [sum(held, [])])
        waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        with stack.carrier() as carrier, carrier.connection_for_write() as way:
            for pks in held:
                carrier.send_task(RUN_GROUPS, args=(pks,), queue="probes", connection=way)
            eventually(lambda: len(stack.query(waits)) == CARRIERS, RECOVERY, lambda: stack.words_of("worker"))
            carrier.send_task(RUN_GROUPS, args=(last,), queue="probes", connection=way)
        eventually(lambda: stack.waiting_tasks("probes") == [], RECOVERY, "all of it taken")
        tell_to_stop(stack)
        eventually(lambda: stack.waiting_tasks("probes") == ["run_groups"], RECOVERY, "what was not begun")
        stack.start_worker("second")
        done = "SELECT 1 FROM diagnostics_run WHERE finished_at IS NOT NULL"
        eventually(lambda: stack.query(done), RECOVERY, lambda: groups(stack))
        assert stack.parts["worker"].running
    wait_for_its_end(stack)
    finish(stack, CARRIERS + 1)
    assert attempts(stack) == {1}


def by_run(stack: Stack, state: str) -> list[list[int]]:
    """The groups in that state, as one task takes them."""
    found = stack.query(
        "SELECT array_agg(id) FROM diagnostics_group WHERE state = %s GROUP BY run_id ORDER BY run_id", state
    )
    return [pks for (pks,) in found if isinstance(pks, list)]


def tell_to_stop(stack: Stack) -> None:
    """As Docker and everybody does."""
    worker = stack.parts["worker"].process
    assert worker
    os.kill(worker.pid, signal.SIGTERM)


def wait_for_its_end(stack: Stack) -> None:
    eventually(lambda: not stack.runs("worker"), RECOVERY, lambda: stack.words_of("worker"))
