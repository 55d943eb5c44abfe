"""The dispatcher with the real PostgreSQL and the real broker."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from celery import Celery, current_app
from django.conf import settings as configured
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerAway

from diagnostics import dispatch
from diagnostics.articles import article
from diagnostics.domain import Address, ProbeGroup, SendOutcome, SmtpReply, SmtpStage, Transmission
from diagnostics.models import (
    Case,
    CaseEventKind,
    Group,
    GroupState,
    Heartbeat,
    Purpose,
    TestMessage,
)
from diagnostics.services import case_events, due
from diagnostics.services.cases import Report, create_run, open_case
from diagnostics.services.messages import claim_message, finish_message, request_message
from tests.customer import eventually
from tests.diagnostics.taking import publish_queued, sweep

pytestmark = [pytest.mark.django_db, pytest.mark.serial]
QUEUES = (dispatch.PROBE_QUEUE, dispatch.MAIL_QUEUE)


@pytest.fixture
def case() -> Case:
    timeclock = article("timeclock")
    assert timeclock is not None
    return open_case(
        Report(article=timeclock, company_id="A", address=Address("anna", "example.org"), source="192.0.2.1")
    )


@pytest.fixture(autouse=True)
def empty_broker() -> Iterator[None]:
    purge()
    yield
    purge()


def purge() -> None:
    with current_app.connection_for_write() as broker:
        for queue in QUEUES:
            channel: Any = broker.default_channel
            channel.queue_purge(queue)


def waiting() -> dict[str, int]:
    with current_app.connection_for_write() as broker:
        channel: Any = broker.default_channel
        return {queue: channel.queue_declare(queue=queue).message_count for queue in QUEUES}


def test_the_groups_of_a_run_travel_together_and_once(case: Case) -> None:
    assert publish_queued() == len(ProbeGroup)
    assert waiting() == {dispatch.PROBE_QUEUE: 1, dispatch.MAIL_QUEUE: 0}
    assert publish_queued() == 0


def test_a_group_that_came_back_from_a_lost_worker_travels_alone(case: Case) -> None:
    publish_queued()
    Group.objects.filter(name=ProbeGroup.DNS).update(dispatched_at=None)
    assert publish_queued() == 1
    assert waiting()[dispatch.PROBE_QUEUE] == 2


def test_a_test_message_goes_to_the_mail_queue_once(case: Case) -> None:
    request_message(case, purpose=Purpose.PRIMARY, address=Address("anna", "example.org"), source="192.0.2.1")
    publish_queued()
    publish_queued()
    assert waiting()["mail"] == 1


def test_a_test_message_that_was_put_off_is_published_again_when_it_is_due(case: Case) -> None:
    message = request_message(case, purpose=Purpose.PRIMARY, address=Address("anna", "example.org"), source="192.0.2.1")
    publish_queued()
    assert claim_message(message.pk)
    reply = SmtpReply(SmtpStage.RCPT, 450, "4.7.1 Greylisted, try again later")
    finish_message(message.pk, Transmission(SendOutcome.DEFERRED, "direct", "mx.example.org", replies=(reply,)))
    publish_queued()
    assert waiting()["mail"] == 1
    TestMessage.objects.update(next_try_at=timezone.now())
    publish_queued()
    publish_queued()
    assert waiting()["mail"] == 2


def test_what_an_emptied_broker_lost_is_published_again(case: Case) -> None:
    request_message(case, purpose=Purpose.PRIMARY, address=Address("anna", "example.org"), source="192.0.2.1")
    publish_queued()
    purge()
    for table in (Group, TestMessage):
        table.objects.update(dispatched_at=timezone.now() - dispatch.LOST_AFTER - timedelta(seconds=1))
    sweep()
    assert publish_queued() == len(ProbeGroup) + 1
    assert waiting() == dict.fromkeys(QUEUES, 1)


def test_what_waits_in_a_busy_broker_is_not_published_again(case: Case) -> None:
    sweep()
    publish_queued()
    Group.objects.update(dispatched_at=timezone.now() - dispatch.LOST_AFTER - timedelta(seconds=1))
    sweep()
    assert publish_queued() == 0


@pytest.mark.parametrize("overtaken", [False, True], ids=["first of all", "long before what was taken"])
def test_what_a_queue_that_is_never_empty_lost_is_missed_once_later_work_is_taken(case: Case, overtaken: bool) -> None:
    sweep()
    publish_queued()
    Group.objects.exclude(name=ProbeGroup.DNS).update(state=GroupState.RUNNING)
    earlier = dispatch.OVERTAKEN_BY * (1.1 if overtaken else 0.9)
    lost = Group.objects.filter(name=ProbeGroup.DNS)
    lost.update(dispatched_at=timezone.now() - earlier)
    sweep()
    assert lost.get().dispatched_at is None if overtaken else lost.get().dispatched_at


def test_what_an_emptied_broker_lost_is_published_again_at_once_though_it_is_busy(case: Case) -> None:
    sweep()
    publish_queued()
    with dispatch._broker() as channel:
        channel.client.flushdb()
        channel.client.lpush(dispatch.PROBE_QUEUE, *["other work"] * 3)
    sweep()
    assert publish_queued() == len(ProbeGroup)


@pytest.fixture
def absent_broker() -> Iterator[None]:
    """Celery led to a port where nobody listens."""
    present: Any = current_app
    present = present._get_current_object()
    Celery("absent", broker="redis://127.0.0.1:1/0").set_current()
    yield
    present.set_current()


def test_an_absent_broker_loses_nothing(case: Case, absent_broker: None) -> None:
    with pytest.raises(BrokerAway):
        publish_queued()
    assert set(Group.objects.values_list("state", "dispatched_at")) == {(GroupState.QUEUED, None)}


def test_what_a_broker_took_before_it_went_away_is_not_handed_over_again(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = Group.objects.get(name=ProbeGroup.RECORDS)
    alone.run = create_run(case, number=2, asked_by="customer", groups=())
    alone.save()
    present = current_app.send_task

    def one_only(*args: Any, **options: Any) -> None:
        monkeypatch.setattr(current_app, "send_task", gone)
        present(*args, **options)

    def gone(*args: Any, **options: Any) -> None:
        raise BrokerAway

    monkeypatch.setattr(current_app, "send_task", one_only)
    with pytest.raises(BrokerAway):
        publish_queued()
    left = Group.objects.filter(dispatched_at=None)
    assert left.count() in (1, len(ProbeGroup) - 1), "of two runs one is left, whole"
    count = left.count()
    monkeypatch.setattr(current_app, "send_task", present)
    assert publish_queued() == count
    assert waiting()[dispatch.PROBE_QUEUE] == 2


def test_without_a_broker_what_lost_workers_held_is_taken_back(case: Case, absent_broker: None) -> None:
    Group.objects.update(state=GroupState.RUNNING, lease_until=timezone.now() - timedelta(seconds=1), attempt=1)
    with pytest.raises(BrokerAway):
        sweep()
    assert set(Group.objects.values_list("state", flat=True)) == {GroupState.QUEUED}
    assert Heartbeat.objects.filter(name="dispatcher").exists(), "it works: it is the broker that does not"


def test_a_sweep_shows_that_the_dispatcher_lives() -> None:
    sweep()
    assert Heartbeat.objects.get(name="dispatcher").at > timezone.now() - timedelta(seconds=10)


@pytest.mark.django_db(transaction=True)
def test_one_that_has_stopped_leaves_the_lock_to_the_next() -> None:
    with dispatching():
        eventually(Heartbeat.objects.filter(name="dispatcher").exists, LIMIT, "that it works")
    take = "SELECT pg_try_advisory_lock(%s)"
    with another_session() as session:  # the server notices in a moment that the other one has ended
        eventually(lambda: session.execute(take, [dispatch.LOCK]).fetchone() == (True,), LIMIT, "that it can be had")
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_who_works_is_not_taken_for_silent_however_old_its_session_and_long_its_first_sweep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A standby's session is as old as its waiting, and its first sign comes at the end of its first sweep."""
    monkeypatch.setattr(dispatch, "SWEEP_EVERY", 0.5)
    too_long = "SELECT now() - backend_start > interval '2 seconds' FROM pg_stat_activity WHERE pid = pg_backend_pid()"
    with another_session() as session:
        eventually(lambda: session.execute(too_long).fetchone() == (True,), LIMIT, "an old session")
        session.execute("SELECT pg_advisory_lock(%s)", [dispatch.LOCK])
        assert not dispatch._relieve_the_silent()
        eventually(dispatch._relieve_the_silent, LIMIT, "that it is relieved, as it asks nothing any more")
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    connection.close()


LIMIT = 30
"""Seconds for what takes a moment."""


def another_session() -> psycopg.Connection:
    """With the same database, beside the pool's."""
    return psycopg.connect(configured.DATABASE_URL, dbname=connection.settings_dict["NAME"], autocommit=True)


@contextmanager
def dispatching() -> Iterator[None]:
    """A dispatcher at work, in a thread."""
    stop = threading.Event()
    thread = threading.Thread(target=dispatch.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(LIMIT)
        assert not thread.is_alive()


@pytest.mark.django_db(transaction=True)
def test_events_that_come_one_after_the_other_are_told_together(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []
    looks = 0
    changed = threading.Condition()
    publish, look = case_events.publish, due.look

    def publishing(consumers: Any) -> int:
        told = publish(consumers)
        with changed:
            batches.append(told)
            changed.notify_all()
        return told

    def looking() -> Any:
        nonlocal looks
        found = look()
        with changed:
            looks += 1
            changed.notify_all()
        return found

    def wait_for(until: Callable[[], bool]) -> None:
        with changed:
            assert changed.wait_for(until, LIMIT)

    monkeypatch.setattr(case_events, "publish", publishing)
    monkeypatch.setattr(dispatch, "look", looking)
    monkeypatch.setattr(dispatch, "EVENTS_EVERY", 3.0)
    with dispatching():
        wait_for(lambda: sum(batches) == 1)
        for number in range(20):
            case_events.announce(case, CaseEventKind.RUN_FINISHED, run=number)
            seen = looks
            wait_for(lambda: looks > seen)  # noqa: B023
        wait_for(lambda: sum(batches) == 21)
    assert len(batches) < 10
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_what_a_broker_forgot_in_a_moment_is_published_again_before_the_next_sweep(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was published meanwhile, so nobody saw that it was away."""
    monkeypatch.setattr(dispatch, "SWEEP_EVERY", 3600.0)
    with dispatching():
        eventually(lambda: _holds_mark() and waiting()[dispatch.PROBE_QUEUE] == 1, LIMIT, "that all is published")
        with dispatch._broker() as channel:
            channel.client.flushdb()
        eventually(lambda: waiting()[dispatch.PROBE_QUEUE] == 1, LIMIT, "that it is published again")
    connection.close()


def _holds_mark() -> bool:
    with dispatch._broker() as channel:
        return bool(channel.client.exists(dispatch.MARK))
