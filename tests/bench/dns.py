"""The DNS evidence of 200 domains, 50 at a time, against checkdmarc 6 in 50 threads, in turn and of the same servers.

The product's probes of the group `dns`, and beside them, through the same resolver, everything that checkdmarc asks for
and they do not: NS, DS, DNSKEY, PTR, the SPF type, BIMI, TLS reporting. Each look is a process of its own, and at
domains of its own: no cache helps.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from statistics import median

from tests.bench import _by_hand, _probing
from tests.bench._chain import types
from tests.bench._portal import folder
from tests.bench._world import World
from tests.bench.figures import RUNS, Figure, ratio

DOMAINS = 200
AT_ONCE = 50
SAMPLE = 3

Look = Callable[[World, int, int], tuple[float, float, int]]


def measure() -> list[Figure]:
    ours, theirs = LOOKS
    numbers = count(0, 1000)
    with folder() as home:
        with World(home / "seen", seen=True) as world:
            asked = {}
            for name, look in LOOKS.items():
                look(world, next(numbers), SAMPLE)
                asked[name] = types(world.events())
        with World(home / "world") as world:
            took: dict[str, list[tuple[float, float, int]]] = {name: [] for name in LOOKS}
            for _ in range(RUNS):
                for name in (ours, theirs, ours):  # ours take a tenth of the time: before and after
                    took[name].append(LOOKS[name](world, next(numbers), DOMAINS))
    rates = {name: [DOMAINS / seconds for seconds, _, _ in each] for name, each in took.items()}
    costs = {name: median(1000 * cpu / DOMAINS for _, cpu, _ in each) for name, each in took.items()}
    beside = [2 / (1 / before + 1 / after) for before, after in zip(rates[ours][::2], rates[ours][1::2], strict=True)]
    return [
        *(Figure(f"{name}: {', '.join(sorted(kinds))}", len(kinds), "record types") for name, kinds in asked.items()),
        Figure(f"record types that only {theirs} asked for", len(asked[theirs] - asked[ours]), at_most=0),
        *(
            Figure(
                f"{name}, not wholly measured of {len(each) * DOMAINS:,}", sum(missed for *_, missed in each), at_most=0
            )
            for name, each in took.items()
        ),
        *(Figure(f"{name}, domains a second", median(each)) for name, each in rates.items()),
        Figure(f"domains a second, times {theirs}'s", ratio(beside, rates[theirs]), at_least=10),
        *(Figure(f"{name}, CPU of a domain", cost, "ms") for name, cost in costs.items()),
        Figure(f"CPU of a domain, part of {theirs}'s", costs[ours] / costs[theirs]),
    ]


def _ours(world: World, first: int, domains: int) -> tuple[float, float, int]:
    probed = _probing.probe(world, first, domains, at_once=AT_ONCE, only_dns=True)
    return probed.seconds, probed.cpu, probed.missed


def _theirs(world: World, first: int, domains: int) -> tuple[float, float, int]:
    looked_up = _by_hand.look_up(world, first, domains, at_once=AT_ONCE)
    return looked_up.seconds, looked_up.cpu, looked_up.missed


LOOKS: dict[str, Look] = {"the portal": _ours, f"checkdmarc {_by_hand.VERSION}": _theirs}
