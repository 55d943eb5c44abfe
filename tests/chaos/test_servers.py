"""What the portal stands on fails: PostgreSQL restarts or is out of reach, the broker is full, the web is killed."""

from __future__ import annotations

import threading

import psycopg
import pytest

from diagnostics import dispatch
from tests.chaos.cases import (
    DONE,
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
from tests.chaos.crowd import Visitor
from tests.chaos.gate import Gate
from tests.chaos.stack import START_LIMIT, Stack
from tests.customer import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(90)]


def test_a_restart_of_the_database_costs_no_second_attempt(stack: Stack) -> None:
    """Who has an answer, or is waiting for one, writes it down once the database is back."""
    (customer,) = open_cases(stack, 1, SLOW_DOMAIN)
    finish(stack, 1)
    customer.ask_for_message("timeclock")
    open_cases(stack, 3, SLOW_DOMAIN)
    busy = "SELECT 1 FROM diagnostics_group WHERE state = 'running' AND name = 'delivery'"
    eventually(lambda: message_state(stack) == "sending" and len(stack.query(busy)) == 3, RECOVERY)
    stack.restart_database()
    finish(stack, 4)
    eventually(lambda: message_state(stack) == "accepted", RECOVERY)
    assert attempts(stack) == {1}
    assert stack.mails(address_of(customer, SLOW_DOMAIN)) == 1


def test_a_full_broker_only_delays(stack: Stack) -> None:
    with stack.broker() as broker:
        broker.config_set("maxmemory", 1)
        try:
            open_cases(stack, 2)
            eventually(lambda: "broker is away" in stack.words_of("dispatcher"), RECOVERY)
        finally:
            broker.config_set("maxmemory", 0)
    # What a worker took off its queue, and could not write down as taken, is lost until it is missed.
    finish(stack, 2, seconds=dispatch.LOST_AFTER.total_seconds() + RECOVERY)
    assert attempts(stack) == {1}
    assert stack.parts["worker"].running


def test_a_worker_that_was_cut_off_writes_nothing_and_takes_work_again(stack: Stack) -> None:
    sockets = stack.servers.sockets
    with Gate(str(sockets / ".s.PGSQL.5432")) as to_database, Gate(str(sockets / "valkey.sock")) as to_broker:
        stack.parts["worker"].kill()
        stack.begin_worker(
            "apart",
            {
                "DATABASE_URL": f"postgresql://portal@127.0.0.1:{to_database.port}/portal",
                "REDIS_URL": f"redis://127.0.0.1:{to_broker.port}/0",
            },
        )
        eventually(lambda: stack.takes_work("apart"), START_LIMIT, lambda: stack.words_of("apart"))
        slow_cases_at_work(stack, 1)
        to_database.shut()
        to_broker.shut()
        stack.expire_leases()
        stack.start_worker()
        finish(stack, 1)
        assert attempts(stack) <= {1, 2}
        after = versions(stack)
        to_database.open()
        to_broker.open()
        stack.parts["worker"].kill()
        open_cases(stack, 1)
        eventually(lambda: len(stack.query(DONE)) == 2, START_LIMIT, lambda: groups(stack))
        assert versions(stack)[:1] == after
        stack.parts["apart"].kill()


def versions(stack: Stack) -> list[tuple[object, ...]]:
    return stack.query("SELECT version, full_version, finished_at FROM diagnostics_run ORDER BY id")


def test_a_case_is_opened_once_however_often_the_web_dies_meanwhile(stack: Stack) -> None:
    visitor = Visitor(f"http://127.0.0.1:{stack.port}")
    with psycopg.connect(stack.servers.database_url) as holding:
        holding.execute("LOCK TABLE diagnostics_group IN SHARE MODE")
        asking = threading.Thread(target=visitor.report, args=("timeclock", "anna@fine.test"))
        asking.start()
        waits = (
            "SELECT 1 FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND query LIKE '%%INSERT INTO%%diagnostics_group%%'"
        )
        eventually(lambda: stack.query(waits), RECOVERY, "the case half written")
        stack.parts["web"].kill()
    stack.start_web()
    asking.join(RECOVERY)
    finish(stack, 1)
    assert 0 in {one.status for one in visitor.asked}
    assert stack.query("SELECT count(*) FROM diagnostics_case") == [(1,)]
    assert visitor.get(visitor.case).status == 200
