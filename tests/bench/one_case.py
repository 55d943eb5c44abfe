"""One customer, nobody else: how long a case takes over its longest chain of network answers.

The chain is told from what the world of the benchmark was asked (`_chain`), each answer with the time that the world
really took for it; TCP handshakes of loopback take none. First the probes alone, then from the sent form to the final
diagnosis in the database, through web, dispatcher, broker and worker.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import median

from tests.bench import _names
from tests.bench._chain import Chain, between
from tests.bench._customers import Customer, wait_for, watching
from tests.bench._portal import Portal, folder
from tests.bench._probing import FIRST_WARM, probe
from tests.bench._world import World
from tests.bench.figures import Figure

ALONE = 15
THROUGH = 9
ANSWER_LIMIT = 60


def measure() -> list[Figure]:
    with folder() as home, World(home / "world", seen=True) as world:
        probed = probe(world, 0, ALONE)
        events = world.events()
        alone = [(ended - began, between(events, began, ended)) for began, ended in probed.spans]
        with Portal(home / "portal", world) as portal:
            through = _through(portal, world)
        answers = [one["answered"] - one["asked"] for one in events]
        asked = [one for one in events if probed.spans[-1][0] <= one["asked"] <= probed.spans[-1][1]]
    return [
        Figure("an answer of the world, p50", 1000 * median(answers), "ms"),
        Figure("DNS questions of a case", sum("answer" in one for one in asked)),
        Figure("longest chain of answers", median(chain.steps for _, chain in alone)),
        Figure("longest chain of answers, p50", 1000 * median(chain.seconds for _, chain in alone), "ms"),
        *_figures("probes alone", alone, 1.10),
        *_figures("from the form to the final diagnosis", through, 1.35),
    ]


def _figures(what: str, measured: Sequence[tuple[float, Chain]], bar: float) -> list[Figure]:
    ratios = [seconds / chain.seconds for seconds, chain in measured]
    return [
        Figure(f"{what}, p50 of {len(measured)}", 1000 * median(seconds for seconds, _ in measured), "ms"),
        Figure(f"{what} over its chain, p50", median(ratios), at_most=bar),
        Figure(f"{what} over its chain, best", min(ratios)),
    ]


def _through(portal: Portal, world: World) -> list[tuple[float, Chain]]:
    """The first ones are not counted: every part does some things for the first time."""
    measured = []
    with watching(portal) as watch:
        for number in range(THROUGH + 3):
            world.events()
            reported = Customer(portal.port).report(_names.domain(FIRST_WARM + 1000 + number))
            portal.wait(lambda: reported.reference in watch.seen, "the diagnosis", ANSWER_LIMIT)  # noqa: B023
            wait_for(portal, number + 1, ANSWER_LIMIT)
            seen, clocks = watch.seen[reported.reference], time.time() - time.monotonic()
            chain = between(world.events(), reported.posted - clocks, seen - clocks)
            measured.append((seen - reported.posted, chain))
    return measured[3:]
