"""Cases as rows, newest first, in pages that stay where they are while new cases come in (keyset pagination)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core import signing
from django.db.models import Q

from diagnostics.domain import Evidence
from diagnostics.models import Case, CaseQuerySet, ObservationRecord, Run
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mailbox_behind import MailboxBehind, mailbox_of
from diagnostics.providers import provider
from diagnostics.services.runs import seen_of
from portal.console.words import Tag, verdict_tag

PAGE_SIZE = 25
CURSOR_SALT = "portal.console.cursor"


@dataclass(frozen=True, slots=True)
class Row:
    """A case, its latest run and the names of who filters and keeps its mail, in the way of the mail."""

    case: Case
    run: Run | None
    mail_system: tuple[str, ...]

    @property
    def verdict(self) -> Tag:
        return verdict_tag(self.run)


@dataclass(frozen=True, slots=True)
class Page:
    """`cursor` asks for the next page, empty on the last. `misread`: the cursor asked for was not ours."""

    rows: tuple[Row, ...]
    cursor: str = ""
    misread: bool = False


def page_of(cases: CaseQuerySet, cursor: str = "") -> Page:
    """The cases after the cursor, with a constant number of queries."""
    position = _position(cursor) if cursor else None
    found = list(_after(cases.newest_first(), position)[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    more = len(found) > PAGE_SIZE
    return Page(tuple(_rows(shown)), _cursor(shown[-1]) if more else "", misread=bool(cursor) and position is None)


def _rows(cases: list[Case]) -> Iterable[Row]:
    runs = {run.case_id: run for run in _latest_runs(cases)}
    seen: dict[int, Evidence] = {case.pk: Evidence() for case in cases}
    for record in _latest_mail_systems(cases):
        seen[record.case_id].add(seen_of(record))
    return (Row(case, runs.get(case.pk), _names(seen[case.pk])) for case in cases)


def _latest_runs(cases: list[Case]) -> Iterable[Run]:
    runs = Run.objects.filter(case__in=cases).defer("diagnosis", "full_diagnosis")
    return runs.order_by("case_id", "-number").distinct("case_id")


def _latest_mail_systems(cases: list[Case]) -> Iterable[ObservationRecord]:
    kinds = (MailSystem.__name__, MailboxBehind.__name__)
    records = ObservationRecord.objects.filter(case__in=cases, kind__in=kinds, data__isnull=False)
    return records.order_by("case_id", "kind", "-at", "-pk").distinct("case_id", "kind")


def _names(seen: Evidence) -> tuple[str, ...]:
    system = seen.get(MailSystem)
    slugs = (system.gateway if system else "", mailbox_of(system, seen.get(MailboxBehind)))
    known = (provider(slug) for slug in slugs if slug)
    return tuple(dict.fromkeys(one.name for one in known if one))


def _after(cases: CaseQuerySet, position: tuple[datetime, int] | None) -> CaseQuerySet:
    if position is None:
        return cases
    at, pk = position
    return cases.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk), created_at__lte=at)


def _cursor(case: Case) -> str:
    return signing.Signer(salt=CURSOR_SALT).sign_object([case.created_at.isoformat(), case.pk])


def _position(cursor: str) -> tuple[datetime, int] | None:
    try:
        at, pk = signing.Signer(salt=CURSOR_SALT).unsign_object(cursor)
    except signing.BadSignature:
        return None
    return datetime.fromisoformat(at), pk
