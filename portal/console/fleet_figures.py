"""What the fleet page shows: cases and mail of a span of time, in a constant number of queries bounded by time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from diagnostics.models import ApiClient
from diagnostics.services.outcomes import OTHER

DIMENSIONS = ("provider", "gateway", "sending_ip", "article")


@dataclass(frozen=True, slots=True)
class Span:
    """`count` stretches of `step` each, the last of which is going on."""

    slug: str
    step: timedelta
    count: int

    def begin(self, now: datetime) -> datetime:
        """The first stretch's beginning: whole hours, quarters of the day or days (UTC)."""
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + (now - midnight) // self.step * self.step - (self.count - 1) * self.step

    def labels(self, begin: datetime) -> list[str]:
        form = "%m-%d" if self.step >= timedelta(days=1) else "%H:%M" if self.slug == "24h" else "%m-%d %Hh"
        return [f"{begin + number * self.step:{form}}" for number in range(self.count)]

    def names(self, begin: datetime) -> list[str]:
        """The same in full, for tables."""
        form = "%Y-%m-%d" if self.step >= timedelta(days=1) else "%Y-%m-%d %H:%M"
        return [f"{begin + number * self.step:{form}}" for number in range(self.count)]


SPANS = {
    one.slug: one
    for one in (
        Span("24h", timedelta(hours=1), 24),
        Span("7d", timedelta(hours=6), 28),
        Span("30d", timedelta(days=1), 30),
    )
}


@dataclass(slots=True)
class Tally:
    """Of one value, stretch by stretch: cases, mails whose end we know, and those of them that failed."""

    cases: list[int]
    total: list[int]
    failed: list[int]

    @property
    def share(self) -> float | None:
        total = sum(self.total)
        return sum(self.failed) / total if total else None

    def shares(self) -> Iterator[float | None]:
        """In per cent."""
        for total, failed in zip(self.total, self.failed, strict=True):
            yield 100 * failed / total if total else None


@dataclass(slots=True)
class Figures:
    """`values` by dimension and value; beside DIMENSIONS there are `cause` and `all`."""

    span: Span
    begin: datetime
    values: dict[str, dict[str, Tally]] = field(default_factory=dict)

    def tally(self, dimension: str, value: str) -> Tally:
        empty = ([0] * self.span.count for _ in range(3))
        return self.values.setdefault(dimension, {}).setdefault(value, Tally(*empty))


def figures(span: Span) -> Figures:
    """Cases, without those of API clients' tests, and what became of mail."""
    now = timezone.now()
    found = Figures(span, span.begin(now))
    tests = list(ApiClient.objects.filter(is_test=True).values_list("pk", flat=True))
    place: dict[str, Any] = {"begin": found.begin, "end": now, "step": span.step.total_seconds(), "tests": tests}
    with connection.cursor() as cursor:
        cursor.execute(_CASES, place)
        for at, dimension, value, count in cursor.fetchall():
            if dimension == "provider":
                value = value or OTHER
            found.tally(dimension, value).cases[at] += count
            if dimension == "article":
                found.tally("all", "").cases[at] += count
        cursor.execute(_MAILS, place)
        for at, dimension, value, total, failed in cursor.fetchall():
            tally = found.tally(dimension, value)
            tally.total[at] += total
            tally.failed[at] += failed
    return found


# Each case is read once, whatever it is counted by. The names of columns are the names of dimensions.
_CASES = """
SELECT at,
    CASE grouping(provider, gateway, article, cause)
        WHEN 7 THEN 'provider' WHEN 11 THEN 'gateway' WHEN 13 THEN 'article' ELSE 'cause' END,
    coalesce(provider, gateway, article, cause), count(*)
FROM (
    SELECT floor(extract(epoch FROM created_at - %(begin)s) / %(step)s)::int AS at, provider, gateway, article, cause
    FROM diagnostics_case
    WHERE created_at >= %(begin)s AND created_at <= %(end)s
        AND (api_client_id IS NULL OR NOT api_client_id = ANY(%(tests)s))
) AS spanned
GROUP BY GROUPING SETS ((at, provider), (at, gateway), (at, article), (at, cause))
"""
_MAILS = """
SELECT floor(extract(epoch FROM minute - %(begin)s) / %(step)s)::int AS at, dimension, value,
    sum(total)::int, sum(failed)::int
FROM diagnostics_outcomecount WHERE minute >= %(begin)s AND minute <= %(end)s GROUP BY 1, 2, 3
"""
