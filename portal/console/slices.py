"""The newest of the cases that some conditions let through, in a time that hardly depends on how rare they are.

With `ORDER BY created_at DESC LIMIT 26` PostgreSQL hopes to meet enough matches soon and walks back through time, past
a million cases where there are none; told not to, it collects three hundred thousand of them to show a page. It cannot
know which is right, because its statistics do not say how often two conditions agree. So it is asked in steps: where
may the first match be, are there enough among the next few thousand cases, and if not: what little there is, all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import DateTimeField, ExpressionWrapper, F, Q

from diagnostics.models import Case, CaseQuerySet
from diagnostics.models.cases import Week

LOOK = 5_000
"""Cases that are walked through for a page. Whoever fills none with them is rarer than one in two hundred."""
WEEK = timedelta(weeks=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Position:
    """A case's place in the list; what comes after it is older."""

    at: datetime
    pk: int = 0


@dataclass(frozen=True, slots=True)
class Selection:
    """Cases, and what is known of how they were chosen.

    `parts`: each condition alone that an index serves which ends in the week. `whole`: there are no other conditions.
    """

    cases: CaseQuerySet
    parts: tuple[CaseQuerySet, ...] = ()
    whole: bool = False

    @property
    def everything(self) -> bool:
        return self.whole and not self.parts


def newest(selection: Selection, count: int, *, after: Position | None = None) -> list[Case]:
    """The `count` newest cases of the selection, or of those that come after that position; at most four queries."""
    if selection.whole and len(selection.parts) == 1:
        return list(_after(_until_week_of(after, selection.cases), after).newest_first_by_week()[:count])
    week = None
    if selection.parts:
        week = _newest_week(selection.parts, after)
        if week is None:
            return []
        after = _earlier(after, EPOCH + (week + 1) * WEEK)
    floor = None if selection.everything else _floor(after)
    if floor is None:
        return list(_after(selection.cases, after).newest_first()[:count])
    if week is not None:
        # A part that ended in this week may have its last case on the week's first day.
        floor = min(floor, EPOCH + (week - 1) * WEEK)
    near = _after(selection.cases, after).filter(created_at__gte=floor)
    found = list(near.newest_first()[:count])
    if len(found) == count:
        return found
    return found + _collected(_after(selection.cases, Position(floor)), count - len(found))


def _newest_week(parts: tuple[CaseQuerySet, ...], after: Position | None) -> int | None:
    """The newest week in which every condition alone has a case; None where one has none any more."""
    week = Week("created_at")
    weeks = [_until_week_of(after, part).order_by(week.desc()).values_list(week, flat=True)[:1] for part in parts]
    first, *others = weeks
    found = list(first.union(*others, all=True) if others else first)
    return min(found) if len(found) == len(parts) else None


def _until_week_of(after: Position | None, cases: CaseQuerySet) -> CaseQuerySet:
    """The cases of that week and of those before, in words that an index with weeks understands."""
    return cases.alias(week=Week("created_at")).filter(week__lte=(after.at - EPOCH) // WEEK) if after else cases


def _earlier(after: Position | None, end: datetime) -> Position:
    return after if after and after.at < end else Position(end)


def _floor(after: Position | None) -> datetime | None:
    """The time of the last case that is walked to; None where all of them are."""
    times = _after(Case.objects.all(), after).newest_first().values_list("created_at", flat=True)
    return next(iter(times[LOOK : LOOK + 1]), None)


def _after(cases: CaseQuerySet, position: Position | None) -> CaseQuerySet:
    if position is None:
        return cases
    later = Q(created_at__lt=position.at) | Q(pk__lt=position.pk)
    return cases.filter(later, created_at__lte=position.at) if position.pk else cases.filter(created_at__lt=position.at)


def _collected(cases: CaseQuerySet, count: int) -> list[Case]:
    """All of them, then sorted: no index gives this order, so none tempts to be walked along."""
    same = ExpressionWrapper(F("created_at") + timedelta(0), output_field=DateTimeField())
    return list(cases.order_by(same.desc(), "-pk")[:count])
