"""From PostgreSQL to the broker: publishes what is queued, and gives back what lost workers held.

The web never talks to the broker; a broker that is away or empty only delays, it loses nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import chain
from typing import Any, TypeVar

import psycopg
from celery import current_app
from django.db import InterfaceError, InternalError, OperationalError, connection, transaction
from django.db.models import Max, Model, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerAway

from diagnostics.helpdesks import configured_helpdesks
from diagnostics.models import (
    DeliveryState,
    Group,
    GroupState,
    Heartbeat,
    MessageState,
    NoteState,
    TestMessage,
    TicketNote,
    WebhookDelivery,
)
from diagnostics.services import case_events, messages, runs, suppressions, ticket_notes, webhooks
from diagnostics.services.due import Due, look
from diagnostics.services.prepared import rows
from diagnostics.services.work import CHANNEL

M = TypeVar("M", bound=Model)
W = TypeVar("W")

logger = logging.getLogger(__name__)

LOCK = 0x57AC0DE
"""The advisory lock that the one working dispatcher holds; any others stand by."""
BATCH = 200
SWEEP_EVERY = 5.0
"""Seconds between two looks for expired leases, and between two heartbeats."""
LOST_AFTER = timedelta(seconds=10)
"""Published that long ago, still queued, and nothing waits in the broker: the broker lost it."""
OVERTAKEN_BY = timedelta(seconds=15)
"""Still queued, and something that was published so much later has been taken: the broker lost it, however much waits
there.
"""
LOOK_EVERY = 1.0
"""Seconds between two looks for work that nobody has announced."""
EVENTS_EVERY = 0.5
"""Seconds between two times that events are told of: twenty cost as much as one, and nobody waits for them."""
SILENT_AFTER = timedelta(seconds=30)
"""Whoever holds the lock and has shown no sign of life for so long is frozen, or its machine is gone."""
MARK = "portal:holds-what-was-published"
"""A key in the broker. It goes with whatever else the broker forgets."""
PROBE_QUEUE = "probes"
MAIL_QUEUE = "mail"
HOOK_QUEUE = "hook"


def run(stop: threading.Event) -> None:
    """Dispatch until told to stop; survives the loss of the database and of the broker."""
    while not stop.is_set():
        try:
            if _hold_lock():
                _work(stop)
            else:
                if _relieve_the_silent():
                    logger.warning("the dispatcher at work was silent; its lock is taken from it")
                connection.close()
                stop.wait(1)
        except (OperationalError, InterfaceError, InternalError, psycopg.OperationalError):
            logger.warning("the database is away; trying again")
            _leave_session()
            stop.wait(1)
    _leave_session()


def publish(due: Due) -> int:
    """Hand what is due to the broker; how many groups and messages, a batch of each at most.

    Raises BrokerAway once what did get out is marked.
    """
    published, away = _publish_groups() if due.groups else (0, None)
    told = publish_events() if due.events else 0
    if away:  # only now: whoever reads the list of events needs no broker
        raise away
    published += publish_messages() if due.messages else 0
    published += publish_webhooks() if due.deliveries or told else 0
    published += publish_notes() if due.notes or told else 0
    return published


def publish_events() -> int:
    """Give what happened to cases its place in the list, and make the webhooks and the notes that tell of it; how many
    events.
    """
    notes = partial(ticket_notes.make_notes, helpdesks=configured_helpdesks().keys())
    published = 0
    batch = case_events.BATCH
    while batch == case_events.BATCH:  # else there were no more of them
        batch = case_events.publish((webhooks.make_deliveries, notes))
        published += batch
    return published


def publish_messages() -> int:
    """Hand the test messages that are due to the broker; how many."""
    messages.requeue_due()
    with transaction.atomic():
        intents = list(_due(TestMessage.objects.filter(state=MessageState.QUEUED)).values_list("pk", flat=True))
        sent, away = _hand_over("diagnostics.tasks.send_message", MAIL_QUEUE, intents)
        TestMessage.objects.filter(pk__in=sent).update(dispatched_at=timezone.now())
    if away:
        raise away
    return len(sent)


def publish_webhooks() -> int:
    """Hand the deliveries that are due to the broker; how many."""
    with transaction.atomic():
        handed_over, away = _hand_over("diagnostics.tasks.deliver_webhook", HOOK_QUEUE, webhooks.due())
        webhooks.mark_dispatched(handed_over)
    if away:
        raise away
    return len(handed_over)


def publish_notes() -> int:
    """Hand the notes that are due to the broker; how many."""
    with transaction.atomic():
        queued = TicketNote.objects.filter(state=NoteState.QUEUED, next_try_at__lte=timezone.now())
        notes = list(_due(queued).values_list("pk", flat=True))
        handed_over, away = _hand_over("diagnostics.tasks.post_ticket_note", HOOK_QUEUE, notes)
        TicketNote.objects.filter(pk__in=handed_over).update(dispatched_at=timezone.now())
    if away:
        raise away
    return len(handed_over)


def take_back() -> None:
    """Give back what lost workers held; show that we live."""
    if requeued := runs.requeue_expired():
        logger.warning("%d groups came back from lost workers", requeued)
    if given_up := messages.give_up_lost():
        logger.warning("%d test messages have an unknown outcome", given_up)
    if unknown := suppressions.give_up_lost():
        logger.warning("%d releases of suppressed addresses have an unknown outcome", unknown)
    if again := webhooks.requeue_lost():
        logger.warning("%d webhooks came back from lost workers", again)
    if looked_for := ticket_notes.requeue_lost():
        logger.warning("%d notes on tickets came back from lost workers", looked_for)
    if too_late := ticket_notes.give_up_old():
        logger.warning("%d notes did not get onto their tickets", too_late)
    Heartbeat.objects.update_or_create(name="dispatcher", defaults={"at": Now()})


def look_after_broker() -> None:
    """Give back what the broker lost. Raises BrokerAway."""
    _ask_what_it_forgot()
    _forget_lost_publications()
    _publish_releases()


def _ask_what_it_forgot() -> None:
    if _broker_forgot():
        logger.warning("the broker has lost what it held; it is published again")


def _work(stop: threading.Event) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")
    swept = told = asked = float("-inf")
    broker_seen = False
    while not stop.is_set():
        try:
            if time.monotonic() - swept >= SWEEP_EVERY:
                take_back()
                swept = time.monotonic()
                broker_seen = False
            due = look()
            held_back = due.events and time.monotonic() - told < EVENTS_EVERY
            if held_back:
                due = due._replace(events=False)
            elif due.events:
                told = time.monotonic()
            busy = publish(due)
            if not broker_seen:
                # Every few seconds, and as soon as it is back: it may have come back empty.
                look_after_broker()
                broker_seen, asked = True, time.monotonic()
            elif time.monotonic() - asked >= LOOK_EVERY:
                # It may have been away for a moment in which nothing was published.
                _ask_what_it_forgot()
                asked = time.monotonic()
        except BrokerAway:
            logger.warning("the broker is away; what is queued stays in the database")
            broker_seen = False
            stop.wait(1)
            continue
        if busy < BATCH:  # else there may be more of it
            _wait_for_news(min(EVENTS_EVERY, LOOK_EVERY) if held_back else LOOK_EVERY)


def _wait_for_news(seconds: float) -> None:
    """Until somebody announces work; so long at most, in case the announcement was lost."""
    raw: psycopg.Connection = connection.connection
    for _ in raw.notifies(timeout=seconds, stop_after=1):
        pass
    for _ in raw.notifies(timeout=0):  # one look is enough for all that have been made by now
        pass


def _hold_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _leave_session() -> None:
    """End it, whatever it holds: one that went back to the pool alive would keep the lock from us and everybody."""
    if connection.connection is not None:
        connection.connection.close()
    connection.close()


def _relieve_the_silent() -> bool:
    """End the session of a dispatcher that holds the lock and does not work; whether there was one.

    Whoever has just asked the database for something does: its first sweep may take long, and gives a sign at its end.
    PostgreSQL takes the lock back from a process that has ended, not from one that stands still or whose machine is
    gone. One that wakes up finds its connection cut, and stands by.
    """
    if Heartbeat.objects.filter(name="dispatcher", at__gte=Now() - SILENT_AFTER).exists():
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE locktype = 'advisory' AND objid = %s AND granted AND datname = current_database()"
            " AND query_start < now() - make_interval(secs => %s)",
            [LOCK, 2 * SWEEP_EVERY],
        )
        return bool(cursor.rowcount)


def _due(queued: QuerySet[M]) -> QuerySet[M]:
    return queued.filter(dispatched_at=None).select_for_update(skip_locked=True).order_by("pk")[:BATCH]


def _publish_groups() -> tuple[int, BrokerAway | None]:
    """Those of one run go together. How many got out, and why the rest did not."""
    with transaction.atomic():
        by_run = rows(_TAKE_GROUPS, [BATCH, timezone.now()])
        handed_over, away = _hand_over("diagnostics.tasks.run_groups", PROBE_QUEUE, [groups for (groups,) in by_run])
        published = list(chain.from_iterable(handed_over))
        if away:
            taken = chain.from_iterable(groups for (groups,) in by_run)
            Group.objects.filter(pk__in={*taken} - {*published}).update(dispatched_at=None)
    return len(published), away


_TAKE_GROUPS = f"""
WITH due AS (
    SELECT id FROM diagnostics_group WHERE state = '{GroupState.QUEUED}' AND dispatched_at IS NULL
    ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE diagnostics_group g SET dispatched_at = %s FROM due WHERE g.id = due.id RETURNING g.run_id, g.id
)
SELECT array_agg(id ORDER BY id) FROM taken GROUP BY run_id ORDER BY min(id)
"""  # noqa: S608 - a word of ours


def _hand_over(task: str, queue: str, work: Iterable[W]) -> tuple[list[W], BrokerAway | None]:
    """Each of `work` is what one task is called with; what got out, and why the rest did not."""
    published: list[W] = []
    try:
        for one in work:
            current_app.send_task(task, args=(one,), queue=queue, retry=False)
            published.append(one)
    except BrokerAway as away:
        return published, away
    return published, None


def _publish_releases() -> None:
    """At every sweep until a worker claims them, which makes a second delivery harmless; agents ask for few."""
    _, away = _hand_over("diagnostics.tasks.release_suppression", HOOK_QUEUE, suppressions.waiting())
    if away:
        raise away


def _broker_forgot() -> bool:
    """Whether the broker was emptied since the last look; all that was published and not claimed is then queued anew.

    The queues of a busy portal are rarely found empty, so that alone would tell too late.
    """
    with _broker() as channel:
        if channel.client.exists(MARK):
            return False
        published = Q(dispatched_at__isnull=False)
        lost = [each.waiting.filter(published).update(dispatched_at=None) for each in _carried()]
        channel.client.set(MARK, 1)
    return any(lost)


def _forget_lost_publications() -> None:
    """A broker that lost a little: what was published and never claimed, while its queue is empty, is published again.

    Claims make a double delivery harmless, but what merely waits its turn must not be doubled: a long queue would
    grow by itself.
    """
    long_ago = timezone.now() - LOST_AFTER
    for each in _carried():
        lost = each.waiting.filter(dispatched_at__lt=long_ago)
        if not lost.exists():
            continue
        if not _is_empty(each.queue):
            # A queue that is never empty must not hide a single lost delivery for ever; it keeps the order.
            newest = each.under_way.aggregate(at=Max("dispatched_at"))["at"]
            lost = lost.filter(dispatched_at__lt=newest - OVERTAKEN_BY) if newest else lost.none()
        lost.update(dispatched_at=None)


@dataclass(frozen=True, slots=True)
class _Carried:
    """A kind of work that the broker carries: what waits for a worker, and what workers are at."""

    queue: str
    waiting: QuerySet[Any]
    under_way: QuerySet[Any]


def _carried() -> Iterator[_Carried]:
    kinds: tuple[tuple[str, type[Model], str, str], ...] = (
        (PROBE_QUEUE, Group, GroupState.QUEUED, GroupState.RUNNING),
        (MAIL_QUEUE, TestMessage, MessageState.QUEUED, MessageState.SENDING),
        (HOOK_QUEUE, WebhookDelivery, DeliveryState.QUEUED, DeliveryState.SENDING),
        (HOOK_QUEUE, TicketNote, NoteState.QUEUED, NoteState.POSTING),
    )
    for queue, table, waiting, under_way in kinds:
        rows = table._default_manager
        yield _Carried(queue, rows.filter(state=waiting), rows.filter(state=under_way))


def _is_empty(queue: str) -> bool:
    with _broker() as channel:
        waiting: int = channel.queue_declare(queue=queue).message_count
    return waiting == 0


@contextmanager
def _broker() -> Iterator[Any]:
    """A channel to it, whose faults are BrokerAway. kombu's channels answer like AMQP's; its stubs do not know."""
    with current_app.connection_for_write() as broker:
        try:
            yield broker.default_channel
        except (*broker.connection_errors, *broker.channel_errors) as fault:
            raise BrokerAway(str(fault)) from fault
