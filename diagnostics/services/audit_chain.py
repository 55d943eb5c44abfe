"""The audit chain as a whole: walked to see whether it is unbroken, and shortened at its old end."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from diagnostics.models import AuditEntry
from diagnostics.services.audit import BEGINNING, LOCK, Action, Actor, canonical, digest, write

logger = logging.getLogger(__name__)

BATCH = 10_000
"""Entries that are read at once: a statement of milliseconds, and all that is in memory."""
FORGOTTEN_AT_ONCE = 5_000
MOST_BREAKS = 20
"""More are counted, not named."""
SHORTEST = timedelta(days=365)
"""The database lets nothing younger go (migration 0006)."""


class Problem(StrEnum):
    """What is wrong at an entry."""

    CHANGED = "changed"
    """It is not what its digest was made of."""
    MISSING = "missing"
    """The entry before it was taken out."""
    INSERTED = "inserted"
    """What stands before it was put in between later."""
    ORDER = "order"
    """The entry that it follows stands behind it."""
    BEGINNING = "beginning"
    """It is the first, and neither the chain's beginning nor where a purge said that the rest begins."""
    HEAD = "head"
    """The entry that was once the newest is gone, or another one."""


@dataclass(frozen=True, slots=True)
class Break:
    pk: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry at some time. Kept outside of the database, it shows later that the chain's end was not cut."""

    pk: int
    digest: str

    def __str__(self) -> str:
        return f"{self.pk}:{self.digest}"


@dataclass(frozen=True, slots=True)
class Verification:
    """`entries` were read; `broken` counts all places, `breaks` names the first ones. `head` is None for no entry."""

    entries: int
    broken: int
    breaks: tuple[Break, ...]
    head: Head | None

    @property
    def unbroken(self) -> bool:
        return self.broken == 0


def verify(*, since: datetime | None = None, head: Head | None = None) -> Verification:
    """Walk the chain, from the first entry at or after `since`; `head` is what an earlier walk ended at.

    Statements of milliseconds each, one batch in memory. Entries that are written meanwhile are walked, too.
    """
    walk = _Walk(since, head)
    for row in _rows(walk.after):
        walk.step(row)
    return walk.end()


def verify_and_tell(actor: Actor) -> Verification:
    """Walk the whole chain, and say so in the log and in the chain itself, where the console finds it."""
    found = verify()
    first = found.breaks[0] if found.breaks else None
    write(
        actor,
        Action.AUDIT_VERIFIED,
        entries=found.entries,
        broken=found.broken,
        first=first.pk if first else None,
        problem=first.problem if first else None,
    )
    if first:
        logger.error(
            "THE AUDIT TRAIL IS BROKEN at %d places, first at entry %d (%s): run manage.py verify_audit",
            found.broken,
            first.pk,
            first.problem,
        )
    else:
        logger.info("the audit trail is unbroken: %d entries, head %s", found.entries, found.head)
    return found


def last_verification() -> AuditEntry | None:
    """What the last walk found, as it was written into the chain."""
    return AuditEntry.objects.filter(action=Action.AUDIT_VERIFIED).order_by("-pk").first()


def forget_old(keep: timedelta) -> int:
    """Remove the oldest entries, those older than `keep`, and write down where the rest begins; how many.

    In batches, each whole or not at all, so it may be interrupted at any time.
    """
    if keep < SHORTEST:
        raise ValueError("audit entries are kept for a year at least")
    cutoff, gone = timezone.now() - keep, 0
    while batch := _forget_batch(cutoff):
        gone += batch
    return gone


def _forget_batch(cutoff: datetime) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        oldest = AuditEntry.objects.order_by("pk").values_list("pk", "at", "digest")[:FORGOTTEN_AT_ONCE]
        old = list(takewhile(lambda entry: entry[1] < cutoff, oldest))
        if not old:
            return 0
        last_pk, _, last_digest = old[-1]
        write(
            Actor("system", "retention"),
            Action.PURGED,
            what="audit",
            rows=len(old),
            through=last_pk,
            digest=last_digest,
        )
        cursor.execute("SELECT diagnostics_audit_forget(%s)", [last_pk])
    return len(old)


class _Row(NamedTuple):
    pk: int
    at: str
    actor_kind: str
    actor: str
    action: str
    reference: str
    source: str
    detail: str
    previous: str
    digest: str


_AT = """to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')"""
_COLUMNS = f"id, {_AT}, actor_kind, actor, action, reference, source, detail::text, previous, digest"


class _Walk:
    def __init__(self, since: datetime | None, head: Head | None) -> None:
        self.after = 0
        self.before: str | None = None
        """The digest of the entry before; None at the first, whose own word must be checked in the end."""
        self.first: _Row | None = None
        self.last: _Row | None = None
        self.entries = self.broken = 0
        self.breaks: list[Break] = []
        self.anchors: set[str] = {BEGINNING}
        self.head = head
        if since is not None:
            self._begin_at(since)

    def step(self, row: _Row) -> None:
        self.entries += 1
        if digest(row.previous, *row[1:7], _canonical(row.detail)) != row.digest:
            self._broken(row, Problem.CHANGED)
        if self.before is None:
            self.first = row
        elif row.previous != self.before:
            self._broken(row, _why(row))
        if row.action == Action.PURGED:
            self.anchors.add(str(json.loads(row.detail).get("digest", "")))
        self.before, self.last = row.digest, row

    def end(self) -> Verification:
        if self.first and self.first.previous not in self.anchors:
            self._broken(self.first, Problem.BEGINNING)
        if self.head and not AuditEntry.objects.filter(pk=self.head.pk, digest=self.head.digest).exists():
            self.broken += 1
            self.breaks.append(Break(self.head.pk, Problem.HEAD))
        newest = Head(self.last.pk, self.last.digest) if self.last else None
        return Verification(self.entries, self.broken, tuple(sorted(self.breaks, key=lambda one: one.pk)), newest)

    def _begin_at(self, since: datetime) -> None:
        first = AuditEntry.objects.filter(at__gte=since).order_by("at", "pk").values_list("pk", flat=True).first()
        newest = AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first()
        earlier = AuditEntry.objects.filter(pk__lt=first) if first else AuditEntry.objects.filter(pk__lte=newest or 0)
        before = earlier.order_by("-pk").values_list("pk", "digest").first()
        if before:
            self.after, self.before = before

    def _broken(self, row: _Row, problem: Problem) -> None:
        self.broken += 1
        if len(self.breaks) < MOST_BREAKS:
            self.breaks.append(Break(row.pk, problem))


def _rows(after: int) -> Iterator[_Row]:
    """By pages of the key rather than one long cursor, so that no transaction stays open."""
    sql = f"SELECT {_COLUMNS} FROM diagnostics_auditentry WHERE id > %s ORDER BY id LIMIT %s"  # noqa: S608 - our own names
    while True:
        with connection.cursor() as cursor:
            cursor.execute(sql, [after, BATCH])
            rows = cursor.fetchall()
        if not rows:
            return
        yield from map(_Row._make, rows)
        after = rows[-1][0]


def _why(row: _Row) -> Problem:
    """Where is the entry that this one says it follows?"""
    named = AuditEntry.objects.filter(digest=row.previous).values_list("pk", flat=True).first()
    if named is None:
        return Problem.MISSING
    return Problem.ORDER if named >= row.pk else Problem.INSERTED


@lru_cache(maxsize=4096)
def _canonical(detail: str) -> str:
    """Most entries say one of few things."""
    return canonical(json.loads(detail))
