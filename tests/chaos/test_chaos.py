"""Parts are killed, frozen and emptied while customers wait: nothing may be lost, and no mail may go out twice."""

from __future__ import annotations

import json

import psycopg
import pytest

from diagnostics.domain import ProbeGroup, Verdict
from diagnostics.models import MessageState
from portal.wizard import words
from tests.chaos.cases import (
    CROWD,
    DOMAIN,
    DONE,
    RECOVERY,
    SLOW_DOMAIN,
    address_of,
    at_work,
    attempts,
    finish,
    groups,
    message_state,
    open_cases,
    slow_cases_at_work,
)
from tests.chaos.stack import START_LIMIT, Stack
from tests.customer import Customer, eventually

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(90)]
GREYLISTING_DOMAIN = "put-off-once.test"
"""Its mail server takes a message at the second try, and 1 s for its banner, so a try can be caught at work."""


def test_a_worker_killed_at_work_loses_nothing(stack: Stack) -> None:
    slow_cases_at_work(stack)
    stack.parts["worker"].kill()
    assert at_work(stack) == CROWD
    stack.expire_leases()
    stack.redeliver()
    stack.start_worker()
    finish(stack)
    assert attempts(stack) <= {1, 2}


def test_a_worker_that_loses_its_broker_at_work_ends_its_work_and_goes_on(stack: Stack) -> None:
    """When the work is done there is nobody left to tell; that must not be the worker's end."""
    slow_cases_at_work(stack, 1)
    stack.kill_broker()
    finish(stack, 1)
    assert attempts(stack) == {1}
    stack.start_broker()
    open_cases(stack, 1)
    finish(stack, 2)
    assert stack.parts["worker"].running


def test_work_that_loses_its_worker_three_times_ends_as_not_checked(stack: Stack) -> None:
    (customer,) = slow_cases_at_work(stack, 1)
    worker = stack.parts["worker"]
    worker.freeze()  # for good, as far as this case goes
    try:
        stack.query("UPDATE diagnostics_group SET attempt = 3 WHERE state = 'running'")
        stack.expire_leases()
        eventually(lambda: stack.query("SELECT 1 FROM diagnostics_run WHERE finished_at IS NOT NULL"), RECOVERY)
    finally:
        worker.thaw()
    assert customer.get(customer.case).heading == words.VERDICTS[Verdict.INCONCLUSIVE]


def test_a_frozen_worker_that_wakes_up_writes_nothing(stack: Stack) -> None:
    slow_cases_at_work(stack, 1)
    # All else is done: the one group left waits for a banner, with nothing half written.
    still = "SELECT DISTINCT name FROM diagnostics_group WHERE state <> 'done'"
    eventually(lambda: stack.query(still) == [("delivery",)], RECOVERY, lambda: groups(stack))
    zombie = stack.parts["worker"]
    zombie.freeze()
    try:
        # What the frozen worker still asks the broker for would reach nobody for a while.
        with stack.broker() as broker:
            eventually(lambda: broker.info("clients")["blocked_clients"] == 0, 5)
        stack.expire_leases()
        stack.start_worker("second")
        finish(stack, 1)
        after = written(stack)
    finally:
        zombie.thaw()
    eventually(stack.at_rest, RECOVERY, "the frozen worker's own end of its work")
    assert written(stack) == after
    assert attempts(stack) == {1, 2}


def test_a_worker_frozen_while_it_writes_holds_up_nobody_else(stack: Stack) -> None:
    slow_cases_at_work(stack, 1)
    stack.parts["worker"].kill()
    stack.expire_leases()
    with psycopg.connect(stack.servers.database_url) as frozen:
        frozen.execute("SELECT 1 FROM diagnostics_run, diagnostics_group FOR UPDATE")
        stack.start_worker()
        open_cases(stack, 1)
        done = "SELECT 1 FROM diagnostics_run WHERE finished_at IS NOT NULL"
        eventually(lambda: stack.query(done), RECOVERY, lambda: stack.words_of("dispatcher"))
    finish(stack, 2)


def written(stack: Stack) -> list[tuple[object, ...]]:
    return stack.query(
        "SELECT r.version, r.finished_at, o.kind, o.attempt, o.at FROM diagnostics_run r"
        " JOIN diagnostics_observationrecord o ON o.run_id = r.id ORDER BY o.kind"
    )


def test_a_run_that_somebody_holds_holds_up_no_other(stack: Stack) -> None:
    """What many runs saw is written in one go, and one of them cannot be written."""
    slow_cases_at_work(stack)
    with psycopg.connect(stack.servers.database_url) as holding:
        holding.execute("SELECT 1 FROM diagnostics_run ORDER BY id LIMIT 1 FOR UPDATE")
        eventually(lambda: len(stack.query(DONE)) == CROWD - 1, RECOVERY, lambda: groups(stack))
    finish(stack)
    assert attempts(stack) == {1}


def test_a_killed_dispatcher_takes_up_where_it_was(stack: Stack) -> None:
    stack.parts["dispatcher"].kill()
    open_cases(stack)
    assert {(state, attempt) for _run, _name, state, attempt in groups(stack)} == {("queued", 0)}
    stack.start_dispatcher()
    finish(stack)
    assert attempts(stack) == {1}


def test_a_second_dispatcher_stands_by_and_takes_over(stack: Stack) -> None:
    first = stack.lock_holder()
    stack.start_dispatcher("standby")
    asks = (
        "SELECT 1 FROM pg_stat_activity"
        " WHERE (query LIKE '%%pg_try_advisory_lock%%' OR query LIKE '%%diagnostics_heartbeat%%')"
        " AND pid NOT IN (%s, pg_backend_pid())"
    )
    eventually(lambda: stack.query(asks, first), START_LIMIT, lambda: stack.words_of("standby"))
    assert stack.lock_holder() == first
    stack.parts["dispatcher"].kill()
    open_cases(stack)
    finish(stack)
    assert stack.lock_holder() not in (0, first)
    assert attempts(stack) == {1}


def test_cases_are_taken_while_the_broker_is_away(stack: Stack) -> None:
    stack.kill_broker()
    (customer,) = open_cases(stack, 1)
    assert customer.get(customer.case).status == 200
    ready = customer.get("/readyz/")
    assert (ready.status, json.loads(ready.text)["broker"]) == (503, "unreachable")
    assert {(state, attempt) for _run, _name, state, attempt in groups(stack)} == {("queued", 0)}
    told = "SELECT 1 FROM diagnostics_caseevent WHERE position IS NOT NULL"
    eventually(lambda: stack.query(told), RECOVERY, "the list of events, which needs no broker")
    stack.start_broker()
    finish(stack, 1)
    assert attempts(stack) == {1}


def test_a_frozen_broker_only_delays(stack: Stack) -> None:
    stack.freeze_broker()
    try:
        (customer,) = open_cases(stack, 1)
        eventually(lambda: "broker is away" in stack.words_of("dispatcher"), RECOVERY)
        assert customer.get("/readyz/").status == 503
    finally:
        stack.thaw_broker()
    finish(stack, 1)
    assert attempts(stack) == {1}


def test_what_a_wiped_broker_held_is_published_again(stack: Stack) -> None:
    stack.parts["worker"].kill()
    open_cases(stack)
    published = "SELECT count(*) FROM diagnostics_group WHERE dispatched_at IS NOT NULL"
    eventually(lambda: stack.query(published) == [(CROWD * len(ProbeGroup),)], RECOVERY)
    with stack.broker() as broker:
        broker.flushall()
    stack.kill_broker()
    stack.start_broker()
    stack.start_worker()
    finish(stack)
    assert attempts(stack) == {1}


def test_what_is_published_several_times_is_done_once(stack: Stack) -> None:
    stack.parts["dispatcher"].kill()
    (customer,) = open_cases(stack, 1)
    customer.ask_for_message("timeclock")
    for _ in range(2):
        stack.redeliver()
    stack.start_dispatcher()
    finish(stack, 1)
    eventually(lambda: message_state(stack) == "accepted", RECOVERY)
    assert attempts(stack) == {1}
    assert stack.mails(address_of(customer, DOMAIN)) == 1


def test_a_message_taken_before_its_worker_died_is_not_sent_again(stack: Stack) -> None:
    (customer,) = open_cases(stack, 1, SLOW_DOMAIN)
    address = address_of(customer, SLOW_DOMAIN)
    customer.ask_for_message("timeclock")
    eventually(lambda: message_state(stack) == "sending", RECOVERY)
    with psycopg.connect(stack.servers.database_url) as holding:
        # The worker cannot commit what it heard from the mail server.
        holding.execute("SELECT 1 FROM diagnostics_testmessage FOR UPDATE")
        waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        eventually(lambda: stack.query(waits), RECOVERY)
        assert stack.mails(address) == 1
        finish(stack, 1)
        stack.parts["worker"].kill()
    assert message_state(stack) == "sending"
    stack.expire_leases()
    stack.redeliver()
    stack.start_worker()
    eventually(lambda: message_state(stack) == "unknown", RECOVERY)
    eventually(stack.at_rest, RECOVERY, "the end of what was delivered again")
    assert (message_state(stack), stack.mails(address)) == ("unknown", 1)
    assert str(words.MESSAGE_STATES[MessageState.UNKNOWN]) in customer.message_page("timeclock").text


def test_a_further_try_that_was_taken_before_its_worker_died_is_the_last(stack: Stack) -> None:
    customer = customer_who_is_put_off(stack)
    address = address_of(customer, GREYLISTING_DOMAIN)
    eventually(lambda: tries(stack) == [("sending", 2)], RECOVERY, lambda: tries(stack))
    with psycopg.connect(stack.servers.database_url) as holding:
        holding.execute("SELECT 1 FROM diagnostics_testmessage FOR UPDATE")
        waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        eventually(lambda: stack.query(waits), RECOVERY)
        assert stack.mails(address) == 1
        stack.parts["worker"].kill()
    stack.expire_leases()
    stack.redeliver()
    stack.start_worker()
    eventually(lambda: message_state(stack) == "unknown", RECOVERY)
    eventually(stack.at_rest, RECOVERY, "the end of what was delivered again")
    assert stack.query("SELECT 1 FROM diagnostics_testmessage WHERE next_try_at IS NOT NULL") == []
    assert (tries(stack), stack.mails(address)) == ([("unknown", 2)], 1)


def test_a_message_that_waits_for_its_next_try_survives_everything(stack: Stack) -> None:
    customer = customer_who_is_put_off(stack)
    for name in ("worker", "dispatcher"):
        stack.parts[name].kill()
    with stack.broker() as broker:
        broker.flushall()
    stack.restart_database()
    assert tries(stack) == [("deferred", 1)]
    stack.start_worker()
    stack.start_dispatcher()
    eventually(lambda: tries(stack) == [("accepted", 2)], RECOVERY, lambda: tries(stack))
    assert stack.mails(address_of(customer, GREYLISTING_DOMAIN)) == 1


def customer_who_is_put_off(stack: Stack) -> Customer:
    """Their server has put the test message off once."""
    (customer,) = open_cases(stack, 1, GREYLISTING_DOMAIN)
    customer.ask_for_message("timeclock")
    eventually(lambda: tries(stack) == [("deferred", 1)], RECOVERY, lambda: tries(stack))
    return customer


def tries(stack: Stack) -> list[tuple[object, ...]]:
    return stack.query("SELECT state, tries FROM diagnostics_testmessage")


def test_everything_may_die_at_once(stack: Stack) -> None:
    customers = slow_cases_at_work(stack)
    for name in ("worker", "dispatcher"):
        stack.parts[name].kill()
    stack.kill_broker()
    stack.restart_database()
    assert customers[0].get(customers[0].case).status == 200
    stack.start_broker()
    stack.expire_leases()
    stack.start_worker()
    stack.start_dispatcher()
    finish(stack)
    assert attempts(stack) <= {1, 2}
