"""Counters of what is added to tables: each round reads the rows that are new since the last one, by their keys.

A row with a lower key may be committed after one with a higher key. So a round goes no further than the highest key
that was there LATE seconds ago; a statement of the portal's may not take longer than that.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import psycopg
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import Metric

from diagnostics import registry
from diagnostics.domain import Gap, SendOutcome, Verdict

LATE = 10.0
ROWS_AT_ONCE = 20_000
ROUNDS = 10
"""Of so many rows, in one look; what is left is read at the next."""

Connection = psycopg.Connection[tuple[Any, ...]]


class Tail(ABC):
    """Counts rows of `table` from the moment of its first look on."""

    table: str
    sql: str
    """Reads rows whose keys are greater than the first parameter and not greater than the second."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._read_to: int | None = None
        self._highest: list[tuple[float, int]] = []

    def collect(self) -> Iterator[Metric]:
        yield from self.registry.collect()

    def read(self, connection: Connection) -> None:
        """Count what is new. Raises psycopg.Error; what was counted until then is not counted again."""
        ceiling = self._ceiling(connection)
        for _ in range(ROUNDS):
            if self._read_to is None or self._read_to >= ceiling:
                return
            to = min(ceiling, self._read_to + ROWS_AT_ONCE)
            rows = connection.execute(self.sql, [self._read_to, to]).fetchall()
            self._read_to = to
            for row in rows:
                self.count(*row)

    @abstractmethod
    def count(self, *row: Any) -> None:
        """One row that the statement gave."""

    def _ceiling(self, connection: Connection) -> int:
        now = time.monotonic()
        row = connection.execute(f"SELECT coalesce(max(id), 0) FROM {self.table}").fetchone()  # noqa: S608
        highest = int(row[0]) if row else 0
        if self._read_to is None:
            self._read_to = highest
        self._highest.append((now, highest))
        settled = [one for one in self._highest if now - one[0] >= LATE]
        if settled:
            self._highest = [settled[-1], *(one for one in self._highest if now - one[0] < LATE)]
        return settled[-1][1] if settled else self._read_to


class Probes(Tail):
    """What the server's probes saw or why they saw nothing, how long that took, and how test messages ended."""

    table = "diagnostics_observationrecord"
    sql = """
        SELECT kind, gap, group_id IS NOT NULL, elapsed_ms, data->'transmission'->>'outcome', count(*)
        FROM diagnostics_observationrecord WHERE id > %s AND id <= %s
        GROUP BY kind, gap, group_id IS NOT NULL, elapsed_ms, data->'transmission'->>'outcome'
    """
    SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0)

    def __init__(self) -> None:
        super().__init__()
        self.ended = Counter(
            "portal_probes", "Probes that ended, by what came of them", ["kind", "outcome"], registry=self.registry
        )
        self.seconds = Histogram(
            "portal_probe_seconds", "How long probes took", ["kind"], buckets=self.SECONDS, registry=self.registry
        )
        self.told = Counter(
            "portal_reports", "What customers, browsers and sending services told", ["kind"], registry=self.registry
        )
        self.handed_over = Counter(
            "portal_messages", "Tries to hand a test message over, by outcome", ["outcome"], registry=self.registry
        )
        self._probed = {probe.observes.__name__ for probe in registry.probes()}
        self._kinds = {kind.__name__ for kind in registry.observation_types()}
        self._gaps = {gap.value for gap in Gap}
        self._outcomes = {outcome.value for outcome in SendOutcome}
        for kind in self._probed:
            self.ended.labels(kind, "seen")
            self.seconds.labels(kind)
        for outcome in self._outcomes:
            self.handed_over.labels(outcome)

    def count(self, *row: Any) -> None:
        kind, gap, of_a_group, elapsed_ms, outcome, number = row
        if of_a_group:
            kind = kind if kind in self._probed else "other"
            self.ended.labels(kind, _one_of(gap, self._gaps) if gap else "seen").inc(number)
            taken = self.seconds.labels(kind)
            for _ in range(number):
                taken.observe(elapsed_ms / 1000)
        else:
            self.told.labels(kind if kind in self._kinds else "other").inc(number)
        if outcome:
            self.handed_over.labels(_one_of(outcome, self._outcomes)).inc(number)


class Events(Tail):
    """Cases that were opened, and runs that ended: with which verdict, and after how long."""

    table = "diagnostics_caseevent"
    sql = """
        SELECT event.kind, event.data->>'verdict', extract(epoch FROM run.finished_at - run.created_at)
        FROM diagnostics_caseevent AS event LEFT JOIN diagnostics_run AS run
            ON event.kind = 'run.finished' AND run.case_id = event.case_id AND run.number = (event.data->>'run')::int
        WHERE event.id > %s AND event.id <= %s
    """
    SECONDS = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0)

    def __init__(self) -> None:
        super().__init__()
        self.opened = Counter("portal_cases_opened", "Cases that were opened", registry=self.registry)
        self.verdicts = Counter("portal_verdicts", "Runs that ended, by verdict", ["verdict"], registry=self.registry)
        self.seconds = Histogram(
            "portal_run_seconds",
            "From a run's begin until its public part was final",
            buckets=self.SECONDS,
            registry=self.registry,
        )
        self._verdicts = {verdict.value for verdict in Verdict}
        for verdict in self._verdicts:
            self.verdicts.labels(verdict)

    def count(self, *row: Any) -> None:
        kind, verdict, seconds = row
        if kind == "case.created":
            self.opened.inc()
        elif kind == "run.finished":
            self.verdicts.labels(_one_of(verdict, self._verdicts)).inc()
            if seconds is not None:
                self.seconds.observe(max(0.0, float(seconds)))


class WebhookTries(Tail):
    table = "diagnostics_webhooktry"
    sql = """
        SELECT coalesce(status / 100, 0), count(*) FROM diagnostics_webhooktry WHERE id > %s AND id <= %s GROUP BY 1
    """

    def __init__(self) -> None:
        super().__init__()
        self.tries = Counter(
            "portal_webhook_tries", "Tries to deliver a webhook, by answer", ["answer"], registry=self.registry
        )
        for answer in ("none", "2xx", "4xx", "5xx"):
            self.tries.labels(answer)

    def count(self, *row: Any) -> None:
        hundreds, number = row
        self.tries.labels(f"{hundreds}xx" if 1 <= hundreds <= 5 else "none").inc(number)


def tails() -> tuple[Tail, ...]:
    return Probes(), Events(), WebhookTries()


def _one_of(value: str | None, known: set[str]) -> str:
    return value if value in known else "other"
