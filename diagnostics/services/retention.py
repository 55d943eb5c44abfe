"""What is too old is deleted: once a day, in small batches, by the rules of `data_classes`.

Each batch is a transaction of its own, so it may be interrupted at any time and goes on where it was. Nobody waits for
it: what somebody holds at this moment is left for the next time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from diagnostics.domain import Vantage
from diagnostics.models import (
    Case,
    CaseState,
    DeliveryState,
    Group,
    GroupState,
    MessageState,
    NoteState,
    ObservationRecord,
    Run,
    SuppressionRelease,
    TestMessage,
    TicketNote,
    WebhookDelivery,
)
from diagnostics.services import audit, audit_chain, suppressions
from diagnostics.services.alone import alone
from diagnostics.services.data_classes import KEPT, Age, Kept, Rule

logger = logging.getLogger(__name__)

LOCK = 0x9A26E
"""The advisory lock of the one worker that purges."""
CASES_AT_ONCE = 50
RUNS_AT_ONCE = 100
ROWS_AT_ONCE = 1_000
UNDER_WAY = timedelta(days=1)
"""So long a run may be without an end and still be under way."""
LOCK_TIMEOUT = "2s"


@dataclass
class Purged:
    """How many rows went, by what they were: `details` counts cases, `probe data` runs, the rest are tables' names."""

    rows: dict[str, int] = field(default_factory=dict)

    def add(self, what: str, count: int) -> None:
        if count:
            self.rows[what] = self.rows.get(what, 0) + count


def purge() -> Purged:
    """Delete all that is too old. Where another worker is at it, nothing."""
    purged = Purged()
    with alone(LOCK) as mine:
        if not mine:
            return purged
        for what, batch in _batches():
            try:
                while count := batch():
                    purged.add(what, count)
            except OperationalError as problem:
                if not isinstance(problem.__cause__, LockNotAvailable):
                    raise
                logger.warning("the purge of %s met somebody's lock, and goes on the next time", what)
            finally:
                if done := purged.rows.get(what):
                    audit.write(audit.Actor("system", "retention"), audit.Action.PURGED, what=what, rows=done)
        purged.add("AuditEntry", audit_chain.forget_old(Age.AUDIT.period))
    return purged


def delete_details(cases: Collection[int]) -> None:
    """Forget whose cases these are: what stays are reference, article, domain, dates and codes.

    Call it in a transaction that holds the cases, their runs and test messages. What is under way for them ends here.
    """
    now = timezone.now()
    end_runs(Run.objects.filter(case__in=cases), now)
    _end_deliveries(cases, now)
    for kept in KEPT:
        if kept.case:
            _delete_by_rule(kept, kept.model._default_manager.filter(**{f"{kept.case}__in": cases}))
    Run.objects.filter(case__in=cases).update(
        data_deleted_at=Coalesce("data_deleted_at", now), version=F("version") + 1, full_version=F("full_version") + 1
    )
    Case.objects.filter(pk__in=cases).update(details_deleted_at=now)


def end_runs(runs: QuerySet[Run], now: datetime) -> None:
    """No worker's late answer is taken any more."""
    Group.objects.filter(run__in=runs).exclude(state__in=GroupState.final()).update(
        state=GroupState.FAILED, lease_until=None, finished_at=now
    )
    Case.objects.filter(runs__in=runs.filter(finished_at=None), state=CaseState.CHECKING).update(state=CaseState.OPEN)
    runs.filter(finished_at=None).update(finished_at=now)


def without_facts(diagnosis: Any) -> Any:
    """The encoded diagnosis with its causes, and without the facts behind them, whatever version wrote it."""
    if isinstance(diagnosis, dict):
        return {name: {} if name == "facts" else without_facts(part) for name, part in diagnosis.items()}
    return [without_facts(part) for part in diagnosis] if isinstance(diagnosis, list) else diagnosis


def _batches() -> Iterator[tuple[str, Callable[[], int]]]:
    yield "details", _details_batch
    yield "probe data", _probe_data_batch
    for kept in KEPT:
        if kept.until:
            yield kept.name, lambda kept=kept: _aged_batch(kept)  # type: ignore[misc]


def _details_batch() -> int:
    cutoff = timezone.now() - timedelta(days=settings.CASE_DETAIL_DAYS)
    still_running = Run.objects.filter(case=OuterRef("pk"), finished_at=None, created_at__gt=timezone.now() - UNDER_WAY)
    old = Case.objects.filter(~Exists(still_running), details_deleted_at=None, created_at__lt=cutoff)
    with _short_locks():
        held = old.order_by("created_at").select_for_update(skip_locked=True, no_key=True, of=("self",))
        cases = set(held.values_list("pk", flat=True)[:CASES_AT_ONCE])
        for rows in (Run.objects.filter(case__in=cases), TestMessage.objects.filter(case__in=cases)):
            cases -= _of_rows_held_by_others(rows)
        if cases:
            delete_details(cases)
    return len(cases)


def _of_rows_held_by_others(rows: QuerySet[Any]) -> set[int]:
    """Take the rows that are free; the cases of those that are not."""
    free = set(rows.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True))
    return set(rows.exclude(pk__in=free).values_list("case", flat=True))


def _probe_data_batch() -> int:
    """What the server's probes saw; what people and sending services said stays with the case's details."""
    now = timezone.now()
    old = Run.objects.filter(data_deleted_at=None, created_at__lt=now - timedelta(days=settings.PROBE_DATA_DAYS))
    with _short_locks():
        held = old.order_by("created_at").select_for_update(skip_locked=True, no_key=True)
        runs = list(held.values_list("pk", flat=True)[:RUNS_AT_ONCE])
        if runs:
            end_runs(Run.objects.filter(pk__in=runs), now)
            ObservationRecord.objects.filter(run__in=runs, group__isnull=False, vantage=Vantage.SERVER).delete()
            Run.objects.filter(pk__in=runs).update(
                data_deleted_at=now, version=F("version") + 1, full_version=F("full_version") + 1
            )
    return len(runs)


def _aged_batch(kept: Kept) -> int:
    if kept.period is None:
        return 0
    old = kept.model._default_manager.filter(**{f"{kept.by}__lt": timezone.now() - kept.period})
    with _short_locks():
        held = old.order_by(kept.by).select_for_update(skip_locked=True)
        rows = list(held.values_list("pk", flat=True)[:ROWS_AT_ONCE])
        if rows:
            kept.model._default_manager.filter(pk__in=rows).delete()
    return len(rows)


@contextmanager
def _short_locks() -> Iterator[None]:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        yield


def _delete_by_rule(kept: Kept, rows: QuerySet[Any]) -> None:
    if kept.with_details:
        rows.delete()
        return
    if diagnoses := kept.having(Rule.FACTS):
        for row in rows.only("pk", *diagnoses):
            for name in diagnoses:
                setattr(row, name, without_facts(getattr(row, name)))
            row.save(update_fields=diagnoses)
    if blank := kept.blank():
        rows.update(**blank)


def _end_deliveries(cases: Collection[int], now: datetime) -> None:
    """Nothing leaves any more, neither mail nor what tells other systems."""
    messages = TestMessage.objects.filter(case__in=cases)
    messages.filter(state__in=(MessageState.QUEUED, MessageState.SENDING)).update(
        state=MessageState.UNKNOWN, finished_at=now, lease_until=None
    )
    messages.filter(next_try_at__isnull=False).update(next_try_at=None)
    notes = TicketNote.objects.filter(case__in=cases)
    notes.filter(state__in=(NoteState.QUEUED, NoteState.POSTING)).update(
        state=NoteState.FAILED, finished_at=now, lease_until=None
    )
    releases = SuppressionRelease.objects.filter(case__in=cases)
    releases.filter(outcome__in=("", suppressions.BEING_DONE)).update(outcome=suppressions.SILENT)
    deliveries = WebhookDelivery.objects.filter(event__case__in=cases)
    deliveries.exclude(state__in=DeliveryState.final()).update(
        state=DeliveryState.GIVEN_UP, finished_at=now, lease_until=None
    )
