"""What waits, what is open and what was refused, as PostgreSQL and the broker say it at this moment.

Each statement reads an index that holds only what waits, or a handful of rows: a million finished cases cost nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import redis
from django.conf import settings
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from diagnostics.domain import ProbeGroup
from diagnostics.models import DeliveryState, MessageState, NoteState
from diagnostics.services.limits import MESSAGE_BY_ANYONE
from portal import looks
from portal.watching.tail import Tail

LOOK_SECONDS = 4.0
STATEMENTS_SECONDS = 3.0

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Question:
    """One statement, whose rows are the labels' values followed by one number for each of the figures.

    `known` are labels' values that are told as 0 where no row has them, so that nothing comes and goes.
    """

    sql: str
    figures: tuple[tuple[str, str], ...]
    """Name and help; a name that ends in `_total` is a counter's."""
    labels: tuple[str, ...] = ()
    known: tuple[tuple[str, ...], ...] = ()


GROUPS = tuple((group.value,) for group in ProbeGroup)

QUESTIONS = (
    Question(
        """
        SELECT name, count(*),
            extract(epoch FROM now() - min(CASE WHEN started_at IS NULL THEN created_at ELSE dispatched_at END))
        FROM diagnostics_group WHERE state = 'queued' GROUP BY name
        """,
        (
            ("portal_queue_groups", "Groups of probes that wait for a worker"),
            ("portal_queue_oldest_seconds", "How long the group that has waited longest has been waiting"),
        ),
        ("group",),
        GROUPS,
    ),
    Question(
        "SELECT name, count(*) FROM diagnostics_group WHERE state = 'running' GROUP BY name",
        (("portal_groups_running", "Groups of probes that a worker has begun"),),
        ("group",),
        GROUPS,
    ),
    Question(
        """
        SELECT state, count(*), greatest(0, extract(epoch FROM now() - min(since))) FROM (
            SELECT state, CASE WHEN tries = 0 THEN created_at ELSE next_try_at END AS since
                FROM diagnostics_testmessage WHERE state = 'queued'
            UNION ALL SELECT state, sent_at FROM diagnostics_testmessage WHERE state = 'sending'
            UNION ALL SELECT state, next_try_at FROM diagnostics_testmessage
                WHERE next_try_at IS NOT NULL AND state = 'deferred'
        ) AS waiting GROUP BY state
        """,
        (
            ("portal_messages_waiting", "Test messages whose hand-over has not ended"),
            ("portal_messages_oldest_seconds", "How long the oldest has been due or under way; put off, it is not due"),
        ),
        ("state",),
        tuple((one.value,) for one in (MessageState.QUEUED, MessageState.SENDING, MessageState.DEFERRED)),
    ),
    Question(
        """
        SELECT state, count(*), extract(epoch FROM now() - min(created_at)) FROM diagnostics_webhookdelivery
        WHERE state IN ('held', 'queued', 'sending') GROUP BY state
        """,
        (
            ("portal_webhooks_waiting", "Webhook deliveries that have not ended"),
            ("portal_webhooks_oldest_seconds", "How long ago the oldest of them was made"),
        ),
        ("state",),
        tuple((one.value,) for one in DeliveryState if one not in DeliveryState.final()),
    ),
    Question(
        """
        SELECT state, count(*), extract(epoch FROM now() - min(created_at)) FROM (
            SELECT state, created_at FROM diagnostics_ticketnote WHERE state = 'queued'
            UNION ALL SELECT state, created_at FROM diagnostics_ticketnote WHERE state = 'posting'
        ) AS waiting GROUP BY state
        """,
        (
            ("portal_notes_waiting", "Notes that are not on their tickets yet"),
            ("portal_notes_oldest_seconds", "How long ago the oldest of them was made"),
        ),
        ("state",),
        tuple((one.value,) for one in (NoteState.QUEUED, NoteState.POSTING)),
    ),
    Question(
        "SELECT count(*), extract(epoch FROM now() - min(at)) FROM diagnostics_caseevent WHERE position IS NULL",
        (
            ("portal_events_unpublished", "Events of cases that the dispatcher has not published"),
            ("portal_events_oldest_seconds", "How long ago the oldest of them happened"),
        ),
    ),
    Question(
        "SELECT count(*) FROM diagnostics_erasure WHERE done_at IS NULL",
        (("portal_erasures_waiting", "People whose data is to be erased"),),
    ),
    Question(
        "SELECT dimension, count(*) FROM diagnostics_incident WHERE ended_at IS NULL GROUP BY dimension",
        (("portal_incidents_open", "Incidents that are open"),),
        ("dimension",),
        tuple((one,) for one in ("all", "provider", "gateway", "sending_ip", "article")),
    ),
    Question(
        "SELECT rule, count FROM diagnostics_refusal",
        (("portal_limits_reached_total", "How often a limit kept somebody from something"),),
        ("rule",),
        ((MESSAGE_BY_ANYONE.name,),),  # an alert asks whether it grows, and what is new does not
    ),
    Question(
        "SELECT name, extract(epoch FROM now() - at) FROM diagnostics_heartbeat",
        (("portal_heartbeat_age_seconds", "How long ago the dispatcher last worked, or a backup was last made"),),
        ("name",),
    ),
    Question(
        """
        SELECT (detail->>'broken' = '0')::int, extract(epoch FROM now() - at) FROM diagnostics_auditentry
        WHERE action = 'audit.verified' ORDER BY id DESC LIMIT 1
        """,
        (
            ("portal_audit_unbroken", "1 if the audit trail was whole when it was last walked"),
            ("portal_audit_age_seconds", "How long ago that was"),
        ),
    ),
    Question(
        """
        SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0) FROM diagnostics_case
        WHERE details_deleted_at IS NULL
        """,
        (("portal_details_oldest_seconds", "Age of the oldest case that still says whose it is"),),
    ),
    Question(
        """
        SELECT pg_database_size(current_database()),
            (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),
            (SELECT setting::int FROM pg_settings WHERE name = 'max_connections')
        """,
        (
            ("portal_database_bytes", "Size of the database"),
            ("portal_database_connections", "Connections to it"),
            ("portal_database_connections_most", "Connections that the server takes"),
        ),
    ),
)


class Durable(Collector):
    """The answers to all questions, and what the tails have counted; without the database only that it is away."""

    def __init__(self, tails: Sequence[Tail] = ()) -> None:
        self._tails = tails
        self._database = looks.Look(self._look_at_database, LOOK_SECONDS)
        self._broker = looks.Look(_look_at_broker, LOOK_SECONDS)

    def collect(self) -> Iterator[Metric]:
        began = time.monotonic()
        found = self._database.answer()
        yield GaugeMetricFamily("portal_database_up", "1 if the database answered", 0 if found is None else 1)
        yield from found or ()
        lengths = self._broker.answer()
        yield GaugeMetricFamily("portal_broker_up", "1 if the broker answered", 0 if lengths is None else 1)
        if lengths is not None:
            waiting = GaugeMetricFamily("portal_broker_messages", "Messages that wait in the broker", labels=["queue"])
            for queue, length in lengths.items():
                waiting.add_metric([queue], length)
            yield waiting
        for tail in self._tails:
            yield from tail.collect()
        yield GaugeMetricFamily("portal_look_seconds", "How long all this took", time.monotonic() - began)

    def describe(self) -> Iterable[Metric]:
        """Nothing: else registering would ask the database."""
        return ()

    def _look_at_database(self) -> list[Metric] | None:
        try:
            with looks.database(STATEMENTS_SECONDS) as connection:
                found = [metric for question in QUESTIONS for metric in _answers(connection, question)]
                for tail in self._tails:
                    tail.read(connection)
        except psycopg.Error:
            return None
        return found


def _answers(connection: Connection, question: Question) -> list[Metric]:
    rows = connection.execute(question.sql).fetchall()
    count = len(question.labels)
    by_labels = {tuple(map(str, row[:count])): row[count:] for row in rows}
    nothing = (0,) * len(question.figures)
    told = dict.fromkeys(question.known, nothing) | by_labels
    metrics: list[Metric] = []
    for place, (name, meaning) in enumerate(question.figures):
        kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
        metric = kind(name, meaning, labels=question.labels)
        for labels, values in sorted(told.items()):
            metric.add_metric(list(labels), float(values[place] or 0))
        metrics.append(metric)
    return metrics


def _look_at_broker() -> dict[str, int] | None:
    queues = [queue.name for queue in settings.CELERY_TASK_QUEUES]
    try:
        with looks.broker() as client, client.pipeline(transaction=False) as asked:
            for queue in queues:
                asked.llen(queue)
            return dict(zip(queues, asked.execute(), strict=True))
    except redis.RedisError:
        return None
