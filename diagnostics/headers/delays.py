"""How long each hop took, told by clocks of which some are wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from diagnostics.headers.types import Hop

TOLERANCE = 5
"""Seconds that honest clocks differ by."""
LONGEST_TRANSIT = 7 * 24 * 3600
"""Seconds. Mail servers give up after five days or so (RFC 5321 section 4.5.4.1): more is a wrong clock."""


@dataclass(frozen=True, slots=True)
class Timed:
    """`hops` with their delays; `transit` from first to last in seconds, `skew` of the worst clock, both as seen."""

    hops: tuple[Hop, ...]
    transit: int | None
    skew: int


def timed(hops: Sequence[Hop]) -> Timed:
    """The hops, oldest first, with delays between those whose times agree with one another.

    Times must grow along the way. Where they do not, the most hops that agree are believed, and among as many those
    that tell of the shortest way, so that no clock makes a delay out of nothing.
    """
    stamps = [(index, hop.at) for index, hop in enumerate(hops) if hop.at is not None]
    believed = _agreeing([at for _, at in stamps])
    trusted = {stamps[position][0] for position in believed}
    done: list[Hop] = []
    before: datetime | None = None
    for index, hop in enumerate(hops):
        if index in trusted and hop.at is not None:
            delay = None if before is None else max(0, _seconds(hop.at - before))
            before = hop.at if before is None else max(before, hop.at)
            done.append(replace(hop, delay=delay))
        else:
            done.append(replace(hop, skewed=hop.at is not None))
    times = [at for position, (_, at) in enumerate(stamps) if position in set(believed)]
    transit = max(0, _seconds(max(times) - min(times))) if len(times) > 1 else None
    if transit is not None and transit > LONGEST_TRANSIT:
        return Timed(tuple(replace(hop, delay=None) for hop in hops), None, transit)
    return Timed(tuple(done), transit, _skew([at for _, at in stamps]))


def between(earlier: datetime | None, later: datetime | None) -> int | None:
    """Seconds between two stamps; None where one is missing, or their clocks contradict each other."""
    if earlier is None or later is None:
        return None
    seconds = _seconds(later - earlier)
    return max(0, seconds) if -TOLERANCE <= seconds <= LONGEST_TRANSIT else None


def _agreeing(times: Sequence[datetime]) -> list[int]:
    """Positions of the longest run of growing times; of several as long, the one that spans the least."""
    best: list[tuple[int, datetime, int | None]] = []  # for each end: how long, since when, after which
    for position, at in enumerate(times):
        choice: tuple[int, datetime, int | None] = (1, at, None)
        for earlier in range(position):
            length, since, _ = best[earlier]
            if _seconds(at - times[earlier]) >= -TOLERANCE and (length + 1, since) > choice[:2]:
                choice = (length + 1, since, earlier)
        best.append(choice)
    if not best:
        return []
    end: int | None = max(range(len(best)), key=lambda one: (best[one][0], best[one][1] - times[one]))
    run: list[int] = []
    while end is not None:
        run.append(end)
        end = best[end][2]
    return run[::-1]


def _skew(times: Sequence[datetime]) -> int:
    steps = (_seconds(earlier - later) for earlier, later in zip(times, times[1:], strict=False))
    worst = max(steps, default=0)
    return worst if worst > TOLERANCE else 0


def _seconds(span: timedelta) -> int:
    return round(span.total_seconds())
