"""What a whole case costs, part by part, and against what somebody would put together by hand (`_by_hand`).

A case is 24 DNS questions, eight connections and a conversation with STARTTLS, from the form to the saved diagnosis;
whoever asks for it looks at the form, at the case's page once, and at no more. What is compared with the work by hand
are workers before a full queue. Batches of all three take turns in front of the same servers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from statistics import median

from celery import Celery

from tests.bench import _names
from tests.bench._by_hand import QUEUE, TABLE, check, environment
from tests.bench._customers import report_all, wait_for
from tests.bench._opening import open_cases
from tests.bench._portal import Portal, folder
from tests.bench._processes import Part, cpu_seconds
from tests.bench._world import World
from tests.bench.figures import RUNS, Figure, ratio

BATCH = 60
QUEUED = 240
"""Cases of a full queue: so many that its first and last moments, in which a worker is not busy, count for little."""
AT_ONCE = 50
LIMIT = 120
SAVED = "SELECT count(*) FROM by_hand"


def measure() -> list[Figure]:
    numbers = count(0, QUEUED)
    with folder() as home, World(home / "world") as world, Portal(home / "portal", world) as portal:
        portal.query(TABLE)
        empty = _kilobytes(portal)
        worker = _worker_by_hand(portal)
        _portal_batch(portal, world, next(numbers))
        _queued_batch(portal, next(numbers))
        _by_hand_batch(portal, worker, next(numbers))
        ours, queued, theirs = [], [], []
        for _ in range(RUNS):
            ours.append(_portal_batch(portal, world, next(numbers)))
            queued.append(_queued_batch(portal, next(numbers)))
            theirs.append(_by_hand_batch(portal, worker, next(numbers)))
        sizes = list(_sizes(portal, empty))
    spent = {name: median(1000 * one[name] / BATCH for one, _ in ours) for name in ours[0][0]}
    full = median(1000 * one / QUEUED for one in queued)
    by_hand = median(1000 * one / QUEUED for one in theirs)
    parts = {name: cost for name, cost in spent.items() if not name.startswith("the world")}
    return [
        *(Figure(f"CPU of a case, {name}", cost, "ms") for name, cost in spent.items()),
        Figure("CPU of a case, all parts of the portal", sum(parts.values()), "ms"),
        Figure("CPU of a case, worker before a full queue", full, "ms"),
        Figure("CPU of a case by hand, worker before a full queue", by_hand, "ms"),
        Figure("cases a worker CPU second", 1000 / full),
        Figure("cases a worker CPU second by hand", 1000 / by_hand),
        Figure("cases a worker CPU second, times those by hand", ratio(theirs, queued), at_least=4),
        *sizes,
        Figure("PostgreSQL of a case, write-ahead log", median(log for _, log in ours) / BATCH / 1000, "kB"),
    ]


def _portal_batch(portal: Portal, world: World, first: int) -> tuple[dict[str, float], float]:
    """CPU seconds by part; octets that PostgreSQL wrote ahead."""
    before, log = world.cpu_seconds(), _number(portal, _WAL)
    finished = portal.finished()
    with portal.measured() as spent:
        report_all(portal, map(_names.domain, range(first, first + BATCH)))
        wait_for(portal, finished + BATCH, LIMIT)
    after = world.cpu_seconds()
    spent |= {f"the world's {name}": after[name] - before[name] for name in after}
    return spent, _number(portal, _WAL) - log


def _queued_batch(portal: Portal, first: int) -> float:
    """CPU seconds of the worker, which gets all the cases at once."""
    finished = portal.finished()
    with portal.frozen("dispatcher"):
        open_cases(portal, first, QUEUED)
    with portal.measured() as spent:
        wait_for(portal, finished + QUEUED, LIMIT)
    return spent["worker"]


def _by_hand_batch(portal: Portal, worker: Part, first: int) -> float:
    """CPU seconds of the worker."""
    before = cpu_seconds(worker.pid)
    saved = _number(portal, SAVED)
    with Celery(broker=portal.broker_url) as carrier:
        for number in range(first, first + QUEUED):
            carrier.send_task(check.name, args=(_names.domain(number),), queue=QUEUE)
    portal.wait(lambda: _number(portal, SAVED) == saved + QUEUED, "cases by hand", LIMIT)
    return cpu_seconds(worker.pid) - before


def _worker_by_hand(portal: Portal) -> Part:
    """With as many threads as the portal may have cases."""
    told = environment(portal.world) | {
        "BY_HAND_BROKER": portal.broker_url,
        "BY_HAND_DATABASE": portal.servers.database_url,
        "DJANGO_SETTINGS_MODULE": "",  # else Celery would bring the whole portal along
    }
    options = ["--pool", "threads", "--concurrency", str(AT_ONCE), "--queues", QUEUE, "--loglevel", "WARNING"]
    options += ["--without-gossip", "--without-mingle", "--hostname", "byhand@bench"]
    program = [portal.python, "-m", "celery", "--app", "tests.bench._by_hand:app", "--quiet", "worker"]
    return portal.start("by hand", [*program, *options], told)


def _sizes(portal: Portal, empty: Mapping[str, float]) -> Iterator[Figure]:
    """What a case leaves behind, beside what stood there before the first one."""
    cases = _number(portal, "SELECT count(*) FROM diagnostics_case")
    observations = _number(portal, "SELECT count(*) FROM diagnostics_observationrecord")
    yield Figure("observations of a case", observations / cases)
    for name, size in _kilobytes(portal).items():
        yield Figure(f"PostgreSQL of a case, {name}", (size - empty[name]) / cases, "kB")


def _kilobytes(portal: Portal) -> dict[str, float]:
    """Tables with all their indexes, packed."""
    portal.query("VACUUM FULL ANALYZE")
    return {name: _number(portal, _SIZE, tables) / 1000 for name, tables in TABLES.items()}


def _number(portal: Portal, sql: str, *values: object) -> float:
    return float(str(portal.query(sql, *values)[0][0]))


TABLES = {
    "observations": "^diagnostics_observationrecord$",
    "sessions": "^django_session$",
    "all else": "^diagnostics_(?!observationrecord$)",
}
_SIZE = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relname ~ %s"
_WAL = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')"
