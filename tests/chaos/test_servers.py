"""What the portal stands on fails: PostgreSQL restarts or is out of reach, the broker is full, the web is killed."""

from __future__ import annotations

import json
import threading

import psycopg
import pytest

from diagnostics import dispatch
from tests.chaos import disk
from tests.chaos.cases import (
    DOMAIN,
    DONE,
    RECOVERY,
    SLOW_DOMAIN,
    SLOW_DOMAINS,
    address_of,
    attempts,
    finish,
    groups,
    message_state,
    open_cases,
    slow_cases_at_work,
)
from tests.chaos.crowd import Asked, Visitor
from tests.chaos.gate import Gate
from tests.chaos.stack import SLOW, START_LIMIT, WEB_THREADS, Stack
from tests.chaos.storm import forget_limits
from tests.customer import Answer, Customer, eventually

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(90)]


def test_a_restart_of_the_database_costs_no_second_attempt(stack: Stack) -> None:
    """Who has an answer, or is waiting for one, writes it down once the database is back."""
    (customer,) = open_cases(stack, 1, SLOW_DOMAIN)
    finish(stack, 1)
    customer.ask_for_message("timeclock")
    open_cases(stack, 3, *SLOW_DOMAINS)
    busy = "SELECT 1 FROM diagnostics_group WHERE state = 'running' AND name = 'delivery'"
    eventually(lambda: message_state(stack) == "sending" and len(stack.query(busy)) == 3, RECOVERY)
    stack.restart_database()
    finish(stack, 4)
    eventually(lambda: message_state(stack) == "accepted", RECOVERY)
    assert attempts(stack) == {1}
    assert stack.mails(address_of(customer, SLOW_DOMAIN)) == 1


def test_a_full_broker_only_delays(stack: Stack) -> None:
    with stack.full_broker():
        open_cases(stack, 2)
        eventually(lambda: "broker is away" in stack.words_of("dispatcher"), RECOVERY)
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
        assert to_database.connections
        assert to_broker.connections
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


def test_a_frozen_database_holds_up_no_page_and_loses_nothing_typed(stack: Stack) -> None:
    """It keeps its connections and says nothing, and its own time limits stand still with it."""
    (known,) = open_cases(stack, 1)
    finish(stack, 1)
    form = known.get("/timeclock/").form("/timeclock/")
    asked: list[Asked] = []
    visitors = [Visitor(f"http://127.0.0.1:{stack.port}", asked=asked) for _ in range(2 * WEB_THREADS)]
    threads = [threading.Thread(target=one.report, args=("timeclock", address_of(one, DOMAIN))) for one in visitors]
    stack.freeze_database()
    try:
        for thread in threads:
            thread.start()
        refused = [known.post("/timeclock/", form | {"company_id": "ACME-1", "address": "typed@fine.test"})]
        eventually(lambda: sum(one.status == 503 for one in asked) > 3 * len(visitors), RECOVERY, "answers to all")
        refused.append(known.get(known.case))
    finally:
        stack.thaw_database()
    for thread in threads:
        thread.join(RECOVERY)
    assert [one.status for one in refused] == [503, 503]
    assert 'value="typed@fine.test"' in refused[0].text, "the form again, with what was typed"
    assert "press the button again" in refused[0].text
    assert {one.status for one in asked} == {200, 503}
    assert max(one.seconds for one in asked) < SLOW
    assert all(one.case for one in visitors)
    # What was sent when the server stood still may have arrived after all: then it is the same case.
    finish(stack, 1 + len(visitors), seconds=2 * RECOVERY)
    assert known.post("/timeclock/", form | {"company_id": "ACME-1", "address": "typed@fine.test"}).status == 200


def test_a_full_disk_turns_away_what_is_new_and_loses_nothing(stack: Stack) -> None:
    if why_not := disk.why_not():
        pytest.skip(why_not)
    with disk.SmallDisk(stack) as small:
        (known,) = slow_cases_at_work(stack, 1)
        small.fill()
        taken, customer = 0, stack.customer()
        while (answer := press(customer)).status == 200:  # until there is no room left on any page that is there
            taken, customer = taken + 1, stack.customer()
            forget_limits(stack)
        assert answer.status == 503
        assert f'value="{address_of(customer, DOMAIN)}"' in answer.text, "the form again, with what was typed"
        assert known.get(known.case).status == 200
        assert json.loads(known.get("/readyz/intake/").text)["database"] == "ok"
        eventually(
            lambda: "trying again" in stack.words_of("worker"), RECOVERY, "the worker's answers, which find no room"
        )
        small.make_room()
        assert press(customer).status == 200
        finish(stack, 1 + taken + 1, seconds=2 * RECOVERY)
        assert attempts(stack) <= {1, 2}
        assert all(stack.runs(name) for name in ("web", "worker", "dispatcher"))


def press(customer: Customer) -> Answer:
    """What becomes of the form of the start page, filled in."""
    form = customer.get("/timeclock/").form("/timeclock/")
    return customer.post("/timeclock/", form | {"company_id": "ACME-1", "address": address_of(customer, DOMAIN)})


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
