"""How often the diagnosis was right, by what agents learned in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from diagnostics.models import Resolution
from portal.console.access import needs
from portal.console.case.forms import headline_of
from portal.console.words import VERDICTS, Words, word
from portal.roles import Right

PERIODS = (30, 90, 365)
"""Days."""
FEWEST = 5
"""Resolutions: of fewer nothing is said, they would be chance."""
NAMED = 3
"""As many causes as a customer's page names at most."""


class Hit(StrEnum):
    FIRST = "first"
    AMONG = "among"
    WRONG = "wrong"
    NOTHING = "nothing"


HITS: dict[Hit, Words] = {
    Hit.FIRST: _("Named first"),
    Hit.AMONG: _("Second or third"),
    Hit.WRONG: _("Others were named"),
    Hit.NOTHING: _("Nothing was named"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table. `shares` are whole percents in the order of `Hit`; none where there are too few."""

    label: str
    counts: tuple[int, ...]
    note: str = ""

    @property
    def total(self) -> int:
        return sum(self.counts)

    @property
    def enough(self) -> bool:
        return self.total >= FEWEST

    @property
    def cells(self) -> tuple[tuple[int, int], ...]:
        """Count and percent of each."""
        return tuple((count, round(100 * count / self.total)) for count in self.counts)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """`rested_on` resolutions count; `unknown` are those whose true cause nobody learned."""

    days: int
    rested_on: int
    unknown: int
    total: Row
    by_verdict: tuple[Row, ...]
    by_cause: tuple[Row, ...]

    @property
    def enough(self) -> bool:
        return self.rested_on >= FEWEST


@require_safe
@needs(Right.LEAD)
def accuracy(request: HttpRequest) -> HttpResponse:
    """The figures of the last 30 days, or of 90 or 365."""
    wanted = request.GET.get("days", "")
    days = int(wanted) if wanted in map(str, PERIODS) else PERIODS[0]
    context = {"figures": accuracy_of(days), "periods": PERIODS, "hits": HITS.values(), "fewest": FEWEST}
    return render(request, "console/accuracy.html", context)


def accuracy_of(days: int, now: datetime | None = None) -> Accuracy:
    """Of each case the newest resolution that was not taken back, without API clients' tests; in two queries."""
    since = (now or timezone.now()) - timedelta(days=days)
    counted = Resolution.objects.filter(at__gte=since, reopened_at=None).exclude(case__api_client__is_test=True)
    newest = counted.order_by("case_id", "-pk").distinct("case_id")
    found = list(newest.values_list("verdict", "true_cause", "causes", "known"))
    known = [(verdict, true_cause, causes) for verdict, true_cause, causes, is_known in found if is_known]
    hits = [(verdict, cause, hit_of(cause, causes)) for verdict, cause, causes in known]
    return Accuracy(
        days=days,
        rested_on=len(known),
        unknown=len(found) - len(known),
        total=_row(str(_("All")), (hit for _verdict, _cause, hit in hits)),
        by_verdict=tuple(
            row
            for verdict in VERDICTS
            if (row := _row(word(VERDICTS, verdict), (hit for one, _cause, hit in hits if one == verdict))).total
        ),
        by_cause=_by_cause(hits),
    )


def hit_of(true_cause: str, causes: Sequence[str]) -> Hit:
    """`true_cause` is empty for one that is not in the tree: whatever was named then was wrong."""
    named = list(causes)[:NAMED]
    if not named:
        return Hit.NOTHING
    if not true_cause or true_cause not in named:
        return Hit.WRONG
    return Hit.FIRST if named[0] == true_cause else Hit.AMONG


def _by_cause(hits: list[tuple[str, str, Hit]]) -> tuple[Row, ...]:
    by_cause: dict[str, list[Hit]] = {}
    for _verdict, cause, hit in hits:
        by_cause.setdefault(cause, []).append(hit)
    rows = (_row(cause or str(_("None of these")), found, headline_of(cause)) for cause, found in by_cause.items())
    return tuple(sorted(rows, key=lambda row: (-row.total, row.label)))


def _row(label: str, hits: Iterable[Hit], note: str = "") -> Row:
    counted = Counter(hits)
    return Row(label, tuple(counted[hit] for hit in Hit), note)
