"""Whether a case costs the worker more because others wait: one at a time, then with 2,000 waiting.

Their mail servers greet after some seconds, so that cases truly wait. With 2,000 open, what fits into one worker waits
on the network and the rest in the broker; measured is what a finished case costs while they do. What a worker does by
the clock, whether or not there are cases, is measured first and taken off.
"""

from __future__ import annotations

import time

import redis

from tests.bench import _names
from tests.bench._customers import Customer, wait_for
from tests.bench._opening import open_cases
from tests.bench._portal import Portal, folder
from tests.bench._processes import cpu_seconds
from tests.bench._world import World
from tests.bench.figures import Figure

SLOW = 2.0
IDLE_SECONDS = 5.0
ALONE = 8
WARM = 2
WAITING = 2000
COUNTED = 300
LIMIT = 170
FINISHED = "SELECT count(*) FROM diagnostics_run WHERE finished_at IS NOT NULL"
UNPUBLISHED = "SELECT count(*) FROM diagnostics_group WHERE state = 'queued' AND dispatched_at IS NULL"
RUNNING = "SELECT count(*) FROM diagnostics_group WHERE state = 'running'"


def measure() -> list[Figure]:
    with folder() as home, World(home / "world", slow=SLOW) as world, Portal(home / "portal", world) as portal:
        idle = _idle(portal)
        for number in range(WARM):
            _one(portal, number)
        before, began = portal.cpu_seconds()["worker"], time.monotonic()
        for number in range(WARM, WARM + ALONE):
            _one(portal, number)
        alone = (portal.cpu_seconds()["worker"] - before - idle * (time.monotonic() - began)) / ALONE
        portal.parts["worker 1"].stop()
        del portal.parts["worker 1"]
        empty = _broker_memory(portal)
        open_cases(portal, 1000, WAITING, slow=True)
        portal.wait(lambda: portal.query(UNPUBLISHED) == [(0,)], "everything published", LIMIT)
        queued = _broker_memory(portal)
        crowded, waiting = _crowded(portal, idle)
    return [
        Figure("worker CPU of a case, one at a time", 1000 * alone, "ms"),
        Figure(f"worker CPU of a case, {WAITING:,} waiting", 1000 * crowded, "ms"),
        Figure(f"worker CPU of a case, {WAITING:,} waiting over one", crowded / alone, at_most=1.2),
        Figure("groups in the worker's hands at the same time", waiting),
        Figure("broker memory of a waiting case", (queued - empty) / WAITING / 1000, "kB"),
        Figure("worker CPU without cases", 1000 * idle, "ms a second"),
    ]


def _one(portal: Portal, number: int) -> None:
    finished = portal.finished()
    Customer(portal.port).report(_names.domain(number, slow=True))
    wait_for(portal, finished + 1, LIMIT)


def _idle(portal: Portal) -> float:
    """CPU seconds a second."""
    before, began = portal.cpu_seconds()["worker"], time.monotonic()
    time.sleep(IDLE_SECONDS)
    return (portal.cpu_seconds()["worker"] - before) / (time.monotonic() - began)


def _crowded(portal: Portal, idle: float) -> tuple[float, float]:
    """CPU seconds of a finished case, once the worker has got going; the most groups that it held."""
    worker = portal.start_worker("worker 2")
    finished = _number(portal, FINISHED)
    portal.wait(lambda: _number(portal, FINISHED) >= finished + COUNTED, "the first cases", LIMIT)
    finished, before, began, most = _number(portal, FINISHED), cpu_seconds(worker.pid), time.monotonic(), 0

    def more() -> bool:
        nonlocal most
        most = max(most, _number(portal, RUNNING))
        return _number(portal, FINISHED) >= finished + COUNTED

    portal.wait(more, "more cases", LIMIT)
    spent = cpu_seconds(worker.pid) - before - idle * (time.monotonic() - began)
    return spent / (_number(portal, FINISHED) - finished), most


def _number(portal: Portal, sql: str) -> int:
    return int(str(portal.query(sql)[0][0]))


def _broker_memory(portal: Portal) -> float:
    with redis.Redis.from_url(portal.servers.redis_url, socket_timeout=5) as broker:
        return float(broker.info("memory")["used_memory"])
