"""Other systems around a killed worker, and a slow world around the portal."""

from __future__ import annotations

import threading

import pytest

from tests.chaos.cases import RECOVERY, address_of, groups, open_cases
from tests.chaos.crowd import Visitor
from tests.chaos.neighbours import ARTICLE, Neighbours
from tests.chaos.stack import Stack
from tests.customer import eventually
from tests.diagnostics.helpdesks.desk import Fault

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(90)]
TICKET = "4711"


def test_webhooks_come_in_order_and_a_note_once_around_a_killed_worker(stack: Stack, neighbours: Neighbours) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def hold(message: object) -> None:
        reached.set()
        go_on.wait(60)

    neighbours.receiver.on_message = hold
    neighbours.desk.tickets.add(TICKET)
    neighbours.desk.faults.append(Fault(taken=True, after=10))
    visitor = Visitor(f"http://127.0.0.1:{stack.port}")
    visitor.report_from_ticket(ARTICLE, address_of(visitor, "fine.test"), TICKET)
    eventually(reached.is_set, RECOVERY, "the first webhook")
    eventually(lambda: neighbours.desk.notes, RECOVERY, "the note")
    stack.parts["worker"].kill()
    go_on.set()
    stack.expire_leases()
    stack.start_worker()
    delivered = "SELECT 1 FROM diagnostics_webhookdelivery WHERE state = 'delivered'"
    eventually(lambda: len(stack.query(delivered)) == 2, RECOVERY, lambda: stack.words_of("worker"))
    eventually(lambda: stack.query("SELECT state FROM diagnostics_ticketnote") == [("posted",)], RECOVERY)
    created, again, finished = neighbours.receiver.taken
    assert created.webhook_id == again.webhook_id
    assert [message.content["type"] for message in (again, finished)] == ["case.created", "run.finished"]
    assert len(neighbours.desk.notes) == 1


def test_a_slow_world_holds_up_nobody_else(stack: Stack) -> None:
    """Name servers that say nothing, and a mail server that lets through one byte a second."""
    for domain in ("resolver-silent.test", "tarpit.test"):
        open_cases(stack, 6, domain)
    eventually(lambda: {state for _run, _name, state, _attempt in groups(stack)} >= {"running"}, RECOVERY)
    (customer,) = open_cases(stack, 1)
    customer.ask_for_message("timeclock")
    mine = "SELECT 1 FROM diagnostics_run WHERE finished_at IS NOT NULL AND case_id = %s"
    ((case,),) = stack.query("SELECT id FROM diagnostics_case WHERE reference = %s", customer.reference)
    eventually(lambda: stack.query(mine, case), RECOVERY, lambda: groups(stack))
    eventually(lambda: stack.mails(address_of(customer, "fine.test")), RECOVERY, "the test message")
    assert stack.query("SELECT 1 FROM diagnostics_group WHERE state = 'running'"), "the others are still at it"
