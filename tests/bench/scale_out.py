"""One, two and four worker processes before the same heap of cases: how many a second, until the cores are full.

The cases wait in the broker when the workers start; counted are those that finish after the first fifth.
"""

from __future__ import annotations

import os
import time

from tests.bench._opening import open_cases
from tests.bench._portal import Portal, folder
from tests.bench._world import World
from tests.bench.figures import Figure

CASES = 240
WORKERS = (1, 2, 4)
LIMIT = 170
UNPUBLISHED = "SELECT count(*) FROM diagnostics_group WHERE state = 'queued' AND dispatched_at IS NULL"
FINISHED = "SELECT extract(epoch FROM finished_at) FROM diagnostics_run WHERE finished_at > 'epoch' AND id > %s"


def measure() -> list[Figure]:
    with folder() as home, World(home / "world") as world, Portal(home / "portal", world) as portal:
        measured = {}
        for place, workers in enumerate(WORKERS):
            measured[workers] = _with(portal, workers, 1000 * (place + 1))
    rates = {workers: rate for workers, (rate, _) in measured.items()}
    return [
        *(Figure(f"cases a second, {_named(workers)}", rate) for workers, rate in rates.items()),
        *(Figure(f"speed-up, {_named(workers)}", rates[workers] / rates[1]) for workers in WORKERS[1:]),
        *(
            Figure(f"cores that the portal keeps busy, of {os.cpu_count()}, {_named(workers)}", cores)
            for workers, (_, cores) in measured.items()
        ),
    ]


def _named(workers: int) -> str:
    return "1 worker process" if workers == 1 else f"{workers} worker processes"


def _with(portal: Portal, workers: int, first: int) -> tuple[float, float]:
    """Cases a second, and how many cores the portal's parts took."""
    for name in [name for name in portal.parts if name.startswith("worker")]:
        portal.parts.pop(name).stop()
    ((before,),) = portal.query("SELECT coalesce(max(id), 0) FROM diagnostics_run")
    open_cases(portal, first, CASES)
    portal.wait(lambda: portal.query(UNPUBLISHED) == [(0,)], "everything published", LIMIT)
    for number in range(1, workers + 1):
        portal.launch_worker(f"worker {number}")
    early = CASES // 5
    portal.wait(lambda: len(portal.query(FINISHED, before)) >= early, "the first cases", LIMIT)
    spent, began = sum(portal.cpu_seconds().values()), time.monotonic()
    portal.wait(lambda: len(portal.query(FINISHED, before)) == CASES, "all cases", LIMIT)
    cores = (sum(portal.cpu_seconds().values()) - spent) / (time.monotonic() - began)
    finished = sorted(float(str(at)) for (at,) in portal.query(FINISHED, before))
    return (CASES - early) / (finished[-1] - finished[early - 1]), cores
