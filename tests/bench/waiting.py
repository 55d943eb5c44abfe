"""One worker process with 500 groups that wait on the network, against Celery's usual pool of 16 processes.

The groups are `delivery`, and the mail servers greet after some seconds. Both run the very same task, with the packages
that are deployed; who is measured is handed them without a dispatcher. Rates are told from the groups' own times, from
the first start to the last end.
"""

from __future__ import annotations

from celery import Celery

from tests.bench import _deployed
from tests.bench._opening import open_cases
from tests.bench._portal import CELERY, Portal, folder
from tests.bench._processes import Part, family, resident
from tests.bench._world import World
from tests.bench.figures import Figure

SLOW = 3.0
GROUPS = 500
PROCESSES = 16
FOR_PROCESSES = 64
LIMIT = 170
ONLY = "delivery"
QUEUE = "probes"
TASK = "diagnostics.tasks.run_groups"
GROUPS_OF = "SELECT g.id FROM diagnostics_group g WHERE name = 'delivery' AND state = 'queued' ORDER BY g.id"
STATES = "SELECT count(*) FROM diagnostics_group WHERE id = ANY(%s) AND state = %s"
TOOK = "SELECT extract(epoch FROM max(finished_at) - min(started_at)) FROM diagnostics_group WHERE id = ANY(%s)"


def measure() -> list[Figure]:
    with folder() as home, World(home / "world", slow=SLOW) as world, Portal(home / "portal", world) as portal:
        for name in ("dispatcher", "worker 1"):
            portal.parts.pop(name).stop()
        deployed = _deployed.python()
        threads = portal.launch_worker(
            "worker threads", queues=QUEUE, python=deployed, WORKER_CONCURRENCY=str(GROUPS), **portal.addresses
        )
        rate, before, memory, held = _measured(portal, threads, 0, GROUPS)
        portal.parts.pop(threads.name).stop()
        # Celery takes `--pool prefork` for "as configured", which is threads.
        options = ["--pool", "processes", "--concurrency", str(PROCESSES), "--queues", QUEUE, "--loglevel", "WARNING"]
        options += ["--without-gossip", "--without-mingle", "--hostname", "prefork@bench"]
        processes = portal.start("worker prefork", [deployed, *CELERY[1:], "worker", *options], portal.addresses)
        usual, _, usual_memory, _ = _measured(portal, processes, 10_000, FOR_PROCESSES)
    return [
        Figure("groups waiting in one worker process at the same time", held, at_least=0.9 * GROUPS),
        Figure("memory of the worker before", before, "MB"),
        Figure(f"memory of the worker with {GROUPS} groups", memory, "MB", at_most=150),
        Figure(f"memory of prefork -c {PROCESSES}, what is shared counted each time", usual_memory, "MB"),
        Figure("groups a second, one worker process", rate),
        Figure(f"groups a second, prefork -c {PROCESSES}", usual),
        Figure(f"groups a second, times those of prefork -c {PROCESSES}", rate / usual, at_least=6),
    ]


def _measured(portal: Portal, worker: Part, first: int, count: int) -> tuple[float, float, float, float]:
    """Groups a second; megabytes before and at most; the most groups that ran at the same time."""
    portal.wait(portal.alive(worker.name).exists, worker.name)
    open_cases(portal, first, count, slow=True, only=ONLY)
    groups = [int(str(group)) for (group,) in portal.query(GROUPS_OF)]
    before, memory, held = _resident(worker), 0.0, 0
    with Celery(broker=portal.broker_url) as carrier:
        for group in groups:
            carrier.send_task(TASK, args=([group],), queue=QUEUE)

    def done() -> bool:
        nonlocal memory, held
        memory = max(memory, _resident(worker))
        held = max(held, int(str(portal.query(STATES, groups, "running")[0][0])))
        return portal.query(STATES, groups, "done") == [(len(groups),)]

    portal.wait(done, f"{len(groups)} groups", LIMIT)
    ((took,),) = portal.query(TOOK, groups)
    return len(groups) / float(str(took)), before, memory, held


def _resident(worker: Part) -> float:
    return sum(map(resident, family(worker.pid)))
