"""Events get their places once they are committed: each one, once, and those of a case in the order they happened."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from diagnostics import dispatch
from diagnostics.models import ApiClient, Case, CaseEvent, CaseEventKind, TicketNote, WebhookDelivery
from diagnostics.services import webhook_endpoints as endpoints
from diagnostics.services.audit import Actor
from diagnostics.services.case_events import BATCH, announce, publish
from diagnostics.services.cases import Report, open_case
from diagnostics.services.resolutions import resolve
from diagnostics.services.work import CHANNEL

LIMIT = 30
"""Seconds that one thread waits for the other."""
ADMIN = Actor("agent", "admin-one")
FINISHED, RESOLVED = CaseEventKind.RUN_FINISHED, CaseEventKind.CASE_RESOLVED


@contextmanager
def uncommitted(work: Callable[[], object]) -> Iterator[None]:
    """While this lasts, what another connection does is not committed; then it is."""
    done, go_on = threading.Event(), threading.Event()

    def slowly() -> None:
        try:
            with transaction.atomic():
                work()
                done.set()
                assert go_on.wait(LIMIT)
        finally:
            connection.close()

    thread = threading.Thread(target=slowly)
    thread.start()
    try:
        assert done.wait(LIMIT)
        yield
    finally:
        go_on.set()
        thread.join(LIMIT)


def published() -> list[tuple[str, str]]:
    """Case and kind, in the order of places."""
    found = CaseEvent.objects.filter(position__isnull=False).order_by("position")
    return list(found.values_list("case__reference", "kind"))


@pytest.mark.django_db(transaction=True)
def test_what_is_committed_late_comes_later_and_holds_nothing_up(case: Case, report: Report) -> None:
    other = open_case(report)
    publish(())
    before = published()
    with uncommitted(lambda: announce(case, FINISHED, run=1)):
        announce(other, FINISHED, run=1)
        assert publish(()) == 1
        assert published() == [*before, (other.reference, FINISHED)]
    assert publish(()) == 1
    assert published() == [*before, (other.reference, FINISHED), (case.reference, FINISHED)]


@pytest.mark.django_db(transaction=True)
def test_events_of_a_case_wait_for_one_another(case: Case) -> None:
    """So none of them can commit before one with a lower id."""
    publish(())
    with uncommitted(lambda: announce(case, FINISHED, run=1)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM diagnostics_case WHERE id = %s FOR NO KEY UPDATE SKIP LOCKED", [case.pk])
        assert cursor.fetchone() is None
    assert publish(()) == 1


@pytest.mark.django_db(transaction=True)
def test_several_publishers_give_each_event_one_place(case: Case) -> None:
    for number in range(3 * BATCH):
        CaseEvent.objects.create(case=case, kind=FINISHED, data={"run": number})
    heard: list[int] = []

    def work() -> None:
        try:
            while CaseEvent.objects.filter(position=None).exists():
                publish((lambda events: heard.extend(event.pk for event in events),))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    in_order = list(CaseEvent.objects.order_by("pk").values_list("pk", flat=True))
    assert heard == in_order
    assert in_order == list(CaseEvent.objects.filter(position__gt=0).order_by("position").values_list("pk", flat=True))


@pytest.mark.django_db(transaction=True)
def test_while_one_publishes_another_does_nothing(case: Case) -> None:
    with uncommitted(lambda: publish(())):
        assert publish(()) == 0
    assert published() == [(case.reference, CaseEventKind.CASE_CREATED)]


@pytest.mark.django_db(transaction=True)
def test_whoever_fails_to_take_events_gets_them_again(case: Case) -> None:
    taken: list[int] = []

    def take(events: Sequence[CaseEvent]) -> None:
        taken.extend(event.pk for event in events)

    def fail(events: Sequence[CaseEvent]) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        publish((take, fail))
    assert published() == []
    assert publish((take,)) == 1
    assert taken == [case.events.get().pk] * 2


@pytest.mark.django_db
def test_many_events_are_published_in_one_go(case: Case) -> None:
    CaseEvent.objects.bulk_create(CaseEvent(case=case, kind=FINISHED) for _ in range(2 * BATCH))
    assert publish(()) == BATCH
    assert dispatch.publish_events() == BATCH + 1
    assert dispatch.publish_events() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", [FINISHED, RESOLVED])
def test_the_dispatcher_hears_of_an_event_at_once(case: Case, kind: CaseEventKind) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")
    announce(case, kind)
    assert list(connection.connection.notifies(timeout=LIMIT, stop_after=1))
    connection.close()


@pytest.mark.django_db
def test_no_other_system_hears_of_the_cases_of_test_keys(case: Case, settings, report: Report) -> None:
    settings.ZENDESK_URL, settings.ZENDESK_EMAIL = "https://example.zendesk.com", "agent@example.org"
    settings.ZENDESK_TOKEN, settings.ZENDESK_WEBHOOK_SECRET = "t", "s"
    endpoints.add(ADMIN, name="billing", url="https://hooks.example.org/", kinds=CaseEventKind.values, vendor="")
    real = open_case(report)
    tests = ApiClient.objects.create(name="tests", is_test=True)
    Case.objects.filter(pk=case.pk).update(api_client=tests)
    for one in (case, real):
        Case.objects.filter(pk=one.pk).update(helpdesk="zendesk", ticket="4711")
        announce(one, FINISHED, run=1, verdict="cause_found", cause="mx.null")
        resolve(one, "mx.null", ADMIN)
    assert dispatch.publish_events() == 6
    assert set(WebhookDelivery.objects.values_list("event__case", flat=True)) == {real.pk}
    assert set(TicketNote.objects.values_list("case", flat=True)) == {real.pk}
    assert not CaseEvent.objects.filter(position=None).exists()
