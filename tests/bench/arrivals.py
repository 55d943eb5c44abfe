"""Cases that keep coming, 40 a second, whether or not those before them are done: how long one takes over its chain.

They come over HTTP, form and all. Where this machine's cores cannot carry 40 a second of all parts, the world and those
who come together, fewer come, and how many is said. Told from the form that is sent to the run's own time of its final
diagnosis.
"""

from __future__ import annotations

import os
from pathlib import Path
from statistics import median

from tests.bench import _names
from tests.bench._chain import between
from tests.bench._customers import answered, report_all, wait_for
from tests.bench._portal import Portal, folder
from tests.bench._probing import probe
from tests.bench._processes import cpu_seconds
from tests.bench._world import World
from tests.bench.figures import RUNS, Figure

WANTED = 40.0
SHARE = 0.85
"""Of all cores: beyond that, who waits for whom is chance."""
WARM = 60
SECONDS = 30.0
LIMIT = 120


def measure() -> list[Figure]:
    with folder() as home:
        chain = _chain(home / "seen")
        with World(home / "world") as world, Portal(home / "portal", world) as portal:
            report_all(portal, map(_names.domain, range(20)))
            wait_for(portal, 20, LIMIT)
            before = _everything(portal, world)
            report_all(portal, map(_names.domain, range(100, 100 + WARM)))
            wait_for(portal, 20 + WARM, LIMIT)
            cost = (_everything(portal, world) - before) / WARM
            rate = min(WANTED, SHARE * (os.cpu_count() or 1) / cost)
            coming = map(_names.domain, range(1000, 1000 + round(rate * SECONDS)))
            with portal.measured() as spent:
                reported = report_all(portal, coming, at_once=64, per_second=rate)
                wait_for(portal, 20 + WARM + len(reported), LIMIT)
            finished = answered(portal)
    took = [finished[one.reference] - one.posted for one in reported]
    each = len(took) // RUNS
    p50 = median(median(took[part * each : (part + 1) * each]) for part in range(RUNS))
    return [
        Figure("cases a second that came", round(rate, 1), at_least=WANTED),
        Figure("CPU of a case, everything on this machine", 1000 * cost, "ms"),
        Figure("worker, of a core", 100 * spent["worker"] / SECONDS, "%"),
        Figure("longest chain of answers", 1000 * chain, "ms"),
        Figure("a case, p50", 1000 * p50, "ms"),
        Figure("a case, p95", 1000 * sorted(took)[int(0.95 * len(took))], "ms"),
        Figure("a case over its chain, p50", p50 / chain, at_most=1.5),
    ]


def _chain(home: Path) -> float:
    """Seconds."""
    with World(home, seen=True) as world:
        spans = probe(world, 0, RUNS).spans
        events = world.events()
        return median(between(events, *span).seconds for span in spans)


def _everything(portal: Portal, world: World) -> float:
    """CPU seconds of all parts, the world and this process."""
    return sum((*portal.cpu_seconds().values(), *world.cpu_seconds().values(), cpu_seconds(os.getpid(), alone=True)))
