"""Made-up weeks of a vendor's mail, seeded: volumes by Zipf, days and weeks, shares that drift, sway and clump."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from copy import copy, deepcopy
from dataclasses import dataclass, field
from functools import cache
from statistics import NormalDist

from diagnostics.incidents import Hour, Watch, bound, learn, needed
from diagnostics.services.outcomes import MOST_OF_A_COMPANY

BEGINS = 20_454 * 24
"""Hours since 1970 of a Thursday, 00:00."""
LEARN_DAYS = 14
PROVIDERS = 20
GROUPS: dict[str, Sequence[int]] = {
    "all": range(PROVIDERS),
    "sending_ip 192.0.2.10": range(0, PROVIDERS, 2),
    "sending_ip 192.0.2.11": range(1, PROVIDERS, 2),
    "article one": [n for n in range(PROVIDERS) if n % 3],
    "article two": range(0, PROVIDERS, 3),
    "gateway one": (0, 7, 13),
    "gateway two": (1, 4, 9, 17),
    "gateway three": (2, 11),
}
VALUES = PROVIDERS + len(GROUPS)
_DAY = (
    0.25,
    0.18,
    0.15,
    0.15,
    0.2,
    0.4,
    0.9,
    1.5,
    2.0,
    2.1,
    1.9,
    1.8,
    1.6,
    1.7,
    1.8,
    1.7,
    1.5,
    1.3,
    1.0,
    0.8,
    0.7,
    0.6,
)
DAY = (*_DAY, 0.45, 0.33)
WEEKEND = 0.35
FINENESS = 4096


@dataclass(frozen=True)
class Outage:
    """From minute `begins` on `rise` more of a provider's mail fails; of all mail where `provider` is -1."""

    provider: int
    rise: float
    begins: int
    lasts: int = 48 * 60


@dataclass
class Fleet:
    """`a_second` is how many mails leave on average. Hours and minutes count from the beginning of the simulation.

    A provider's share has a tide of the day (a fifth up and down), a drift over two months that turns back (a quarter),
    and a sway from hour to hour (an eighth). Minutes differ by more than chance, and single companies fail in spikes.
    """

    seed: int
    a_second: float = 6.0

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        parts = [1 / rank for rank in range(1, PROVIDERS + 1)]
        scale = self.a_second * 60 / sum(parts)
        self.volumes = [scale * part for part in parts]
        self.shares = [0.005 * 12 ** self.random.random() for _ in parts]
        self.sway = [0.0] * PROVIDERS
        self.drift = [self.random.uniform(-0.25, 0.25) for _ in parts]
        self.phase = [self.random.uniform(0, 24) for _ in parts]
        self.noise = [self.random.gammavariate(1 / 0.1, 0.1) for _ in range(FINENESS)]

    def volume(self, provider: int, hour: int) -> float:
        """Expected mails a minute."""
        at = BEGINS + hour
        weekend = (at // 24 + 3) % 7 >= 5
        return self.volumes[provider] * DAY[at % 24] * (WEEKEND if weekend else 1.15)

    def share(self, provider: int, hour: int) -> float:
        tide = 1 + 0.2 * math.sin((hour + self.phase[provider]) * math.tau / 24)
        drift = 1 + self.drift[provider] * math.sin(hour * math.tau / (24 * 60))
        return self.shares[provider] * tide * drift * math.exp(self.sway[provider])

    def hour(self, number: int, outage: Outage | None = None) -> Iterator[tuple[list[int], list[int]]]:
        """Of each provider what left and what failed in the 60 minutes of an hour."""
        for provider in range(PROVIDERS):
            self.sway[provider] = 0.8 * self.sway[provider] + self.random.gauss(0.0, 0.075)
            struck = outage if outage and outage.provider in (provider, -1) else None
            yield self._minutes(provider, number, struck)

    def _minutes(self, provider: int, hour: int, outage: Outage | None) -> tuple[list[int], list[int]]:
        draw, share = self.random.random, self.share(provider, hour)
        counts = _poisson(self.volume(provider, hour))
        totals = [counts[int(draw() * FINENESS)] for _ in range(60)]
        failures = [0] * 60
        # Drawn for the hour and dealt out to its minutes: the same as a Poisson draw for each minute, and quicker.
        weights = [total * self.noise[int(draw() * FINENESS)] for total in totals]
        expected = share * sum(weights)
        if expected:
            for minute in self.random.choices(range(60), weights, k=self._drawn(expected)):
                failures[minute] += 1
        if draw() < 0.08:
            spike, minute = 1 + int(draw() * MOST_OF_A_COMPANY), int(draw() * 60)
            totals[minute] += spike
            failures[minute] += spike
        for minute in range(60) if outage else ():
            if 0 <= hour * 60 + minute - outage.begins < outage.lasts:  # type: ignore[union-attr]
                rise = outage.rise / (1 - share)  # type: ignore[union-attr]
                failures[minute] += sum(draw() < rise for _ in range(totals[minute] - failures[minute]))
        return totals, [min(pair) for pair in zip(totals, failures, strict=True)]

    def _drawn(self, expected: float) -> int:
        if expected > 50:
            return max(0, round(self.random.gauss(expected, math.sqrt(expected))))
        number, product, limit = 0, self.random.random(), math.exp(-expected)
        while product > limit:
            number += 1
            product *= self.random.random()
        return number


@dataclass
class Watched:
    """Everything watched as the portal does it: every value of every dimension, though learned anew more rarely."""

    fleet: Fleet
    learned_every: int = 24
    """Hours; the portal does it every hour."""
    watches: list[Watch] = field(default_factory=lambda: [Watch() for _ in range(VALUES)])
    hours: list[list[Hour]] = field(default_factory=lambda: [[] for _ in range(VALUES)])
    names: list[str] = field(default_factory=lambda: [f"provider {n}" for n in range(PROVIDERS)] + list(GROUPS))

    def learn(self, hour: int) -> None:
        for known, watch in zip(self.hours, self.watches, strict=True):
            del known[: -28 * 24]
            usual = learn(known, hour + BEGINS)
            watch.relearn(usual, bound(usual, VALUES) if usual else 0.0)

    def run(self, hours: range, outage: Outage | None = None, *, watching: bool = True) -> Iterator[tuple[int, str]]:
        """The minute and the name of each alarm."""
        for hour in hours:
            if watching and hour % self.learned_every == 0:
                self.learn(hour)
            seen = list(self.fleet.hour(hour, outage))
            for group in GROUPS.values():
                totals = [sum(minute) for minute in zip(*(seen[one][0] for one in group), strict=True)]
                failures = [sum(minute) for minute in zip(*(seen[one][1] for one in group), strict=True)]
                seen.append((totals, failures))
            first = (BEGINS + hour) * 60
            for (totals, failures), watch, known, name in zip(seen, self.watches, self.hours, self.names, strict=True):
                known.append(Hour(BEGINS + hour, sum(totals), sum(failures)))
                if not watching:
                    continue
                for minute, (total, failed) in enumerate(zip(totals, failures, strict=True)):
                    if watch.see(first + minute, total, failed) and watch.open:
                        yield hour * 60 + minute, name


@cache
def _poisson_table(step: int) -> list[int]:
    """Poisson's distribution by its quantiles, for a mean of 1.02 to the power of `step`."""
    mean = 1.02**step
    if mean > 100:
        normal = NormalDist(mean, math.sqrt(mean))
        return [max(0, round(normal.inv_cdf((place + 0.5) / FINENESS))) for place in range(FINENESS)]
    number, chance = 0, math.exp(-mean)
    reached, table = chance, []
    for place in range(FINENESS):
        while reached < (place + 0.5) / FINENESS:
            number += 1
            chance *= mean / number
            reached += chance
        table.append(number)
    return table


def _poisson(mean: float) -> list[int]:
    return _poisson_table(round(math.log(mean, 1.02)))


def settled(seed: int, a_second: float) -> Watched:
    """A fleet watched for three days after two weeks of learning."""
    watched = Watched(Fleet(seed, a_second))
    for _ in watched.run(range(14 * 24), watching=False):
        pass
    for _ in watched.run(range(14 * 24, 17 * 24)):
        pass
    watched.learn(17 * 24)
    return watched


def minutes_until_found(watched: Watched, outage: Outage, seed: int) -> int | None:
    """From the outage's first minute to the end of the one that raised the alarm; None where none did."""
    fleet = copy(watched.fleet)
    fleet.random = random.Random(seed)
    watch = deepcopy(watched.watches[outage.provider])
    first = outage.begins // 60
    for hour in range(first, first + outage.lasts // 60):
        totals, failures = fleet._minutes(outage.provider, hour, outage)
        for minute in range(60):
            number = hour * 60 + minute
            raised = watch.see(BEGINS * 60 + number, totals[minute], failures[minute])
            if raised and number >= outage.begins:
                return number - outage.begins + 1
    return None


def minutes_until_enough(watched: Watched, outage: Outage) -> int:
    """When so much mail has been sent that the rule must have found the outage."""
    watch, sent = watched.watches[outage.provider], 0.0
    enough = needed(watch, BEGINS + outage.begins // 60, outage.rise)
    for number in range(outage.lasts):
        sent += watched.fleet.volume(outage.provider, (outage.begins + number) // 60)
        if sent >= enough:
            return number + 1
    return outage.lasts
