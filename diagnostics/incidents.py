"""When the failure share of one value (a provider, a gateway, an address of ours, an article, or all) is unusual.

The rule, in words, is in `docs/fleet.md`. It is a cumulative sum of log-likelihood ratios (CUSUM, Page 1954): every
minute's outcomes speak for "as usual at its worst" or for "more fail", and the sum of what speaks for the second since
it last was nothing is compared with a bound. Pure: counts in, alarms out; no clock, no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt

RISES = (0.10, 0.45)
"""What is looked for: so much above the usual share. The first finds what smoulders, the second a wall at once."""
FALSE_ALARMS_A_MONTH = 0.5
"""How many of all values together are put up with; the bounds follow from it."""
CLUMPS = (1.2, 5.0)
"""Failures come in clumps: so many outcomes say no more than one would by itself, at least and at most. How many, is
learned of each value from how its minutes differ.
"""
ODD_KEPT, ODD_LEAST, ODD_UNTIL = 0.998, 20.0, 2.0
"""How much of that is kept from hour to hour, how much must be known, and what is taken until then."""
FEWEST_FAILED = 8
"""With fewer failures nothing is an incident, whatever the share."""
ENDED = log(1000)
"""How much must speak for "as usual" again until an incident has ended."""
QUIET_MINUTES = 20
"""An incident that was found lasts so long at least; one that nobody sends mail through any more ends after a day."""
SILENT_MINUTES = 24 * 60

HALF_LIFE = 7 * 24
"""Hours after which an hour counts half in what is usual."""
LEARNED_FROM = 28 * 24
LEAST_HOURS = 72
"""So long must a value have been seen, and so often, until its share is known well enough to call another unusual."""
LEAST_TOTAL = 300
TRUST = 400.0
"""Outcomes of one time of the day that count as much as all times of the day together."""
WIDEST = 0.05
"""However much the share varies, its usual range ends so much above the usual share."""
SLOTS = 48
"""Times of the day: 24 hours, on weekdays and at weekends (UTC)."""
HOURS_A_MONTH = 30 * 24
OURS_FROM = 3
"""So many providers at once are our own side, unless two of them explain most of it."""
MOST = 0.6
"""So much of the failures beyond the usual ones explains an incident."""


@dataclass(frozen=True, slots=True)
class Hour:
    """What became of mail within one hour; `at` in hours since 1970, UTC."""

    at: int
    total: int
    failed: int


@dataclass(frozen=True, slots=True)
class Usual:
    """The usual share of one value at each time of the day, 0 to 1, and the end of its usual range."""

    shares: tuple[float, ...]
    highest: tuple[float, ...]
    a_month: float
    """Outcomes in 30 days."""

    def share(self, hour: int) -> float:
        return self.shares[slot(hour)]


def slot(hour: int) -> int:
    """Which time of the day an hour since 1970 belongs to; 1970 began on a Thursday."""
    weekend = (hour // 24 + 3) % 7 >= 5
    return hour % 24 + 24 * weekend


def learn(hours: Iterable[Hour], now: int) -> Usual | None:
    """What is usual by the hours before `now`, known incidents left out; None while that is too little."""
    known = [one for one in hours if now - LEARNED_FROM <= one.at < now and one.total > 0]
    if not known or now - min(one.at for one in known) < LEAST_HOURS or sum(one.total for one in known) < LEAST_TOTAL:
        return None
    weights = [0.5 ** ((now - one.at) / HALF_LIFE) for one in known]
    overall = _share(known, weights)
    plain = [not _stands_out(one, overall) for one in known]
    if not all(plain):
        weights = [weight if fits else 0.0 for weight, fits in zip(weights, plain, strict=True)]
        overall = _share(known, weights)
    shares = _by_time_of_day(known, weights, overall)
    spread = _spread(known, weights, shares)
    highest = tuple(share + min(WIDEST, 0.005 + 1.5 * spread) for share in shares)
    span = now - min(one.at for one in known)
    return Usual(shares, highest, sum(one.total for one in known) * HOURS_A_MONTH / span)


def bound(usual: Usual, values: int) -> float:
    """What the sum must reach for an alarm, so that `values` of them raise few false ones together.

    A sum of log-likelihood ratios that pays `d` for every usual outcome passes `h` about `d * exp(-h)` times an
    outcome; every value has the same part of `FALSE_ALARMS_A_MONTH`.
    """
    share, highest = max(zip(usual.shares, usual.highest, strict=True), key=lambda one: one[1] - one[0])
    paid = max(_cost(share, highest, rise) for rise in RISES)
    looks = max(usual.a_month * paid, 100.0)
    return log(looks * max(values, 1) * len(RISES) / FALSE_ALARMS_A_MONTH)


def needed(watch: Watch, hour: int, rise: float, *, misses: float = 3.0) -> float:
    """How many outcomes it takes until a rise of that size is found, `misses` standard deviations of bad luck included.

    With three of them about one outage in a thousand takes longer.
    """
    if watch.usual is None:
        return float("inf")
    share, highest, height = watch.usual.share(hour), watch.usual.highest[slot(hour)], watch.height * watch.clumps
    raised = min(share + rise, 1.0)
    candidates = []
    for looked_for in RISES:
        gain, loss = _weights(share, highest, looked_for)
        drift = raised * gain - (1 - raised) * loss
        if drift > 0:
            noise = misses * sqrt(raised * (1 - raised) * watch.clumps) * (gain + loss)
            candidates.append(((noise + sqrt(noise * noise + 4 * drift * height)) / (2 * drift)) ** 2)
    return max(FEWEST_FAILED / raised, min(candidates)) if candidates else float("inf")


@dataclass(slots=True)
class Watch:
    """One value, watched minute by minute. Minutes are counted since 1970, UTC.

    `low` and `steep` are what speaks for each of RISES; `low_from` and `steep_from` are when each of them last left
    nothing, with `seen` at that time. With an alarm `since` is when it began, `total` and `failed` what was seen since.
    While an incident is open, `calm` is what speaks for its end. `muted`: somebody closed it by hand, and it stays
    quiet until the share is as usual again, or nobody has sent for a day.
    """

    usual: Usual | None = None
    height: float = 0.0
    low: float = 0.0
    steep: float = 0.0
    low_from: tuple[int, int, int] = (0, 0, 0)
    steep_from: tuple[int, int, int] = (0, 0, 0)
    seen_total: int = 0
    seen_failed: int = 0
    since: int = 0
    total: int = 0
    failed: int = 0
    open: bool = False
    muted: bool = False
    calm: float = 0.0
    found: int = 0
    heard: int = 0
    apart: float = 1.0
    """How far the minutes were from what was usual then, squared; `chance` is how far they would be by chance alone."""
    chance: float = 1.0
    _hour: int = -1
    _share: float = 0.0
    _weights: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)

    def relearn(self, usual: Usual | None, height: float) -> None:
        """What is usual is known better now; that minutes were odd is forgotten bit by bit."""
        self.usual, self.height, self._hour = usual, height, -1
        self.apart *= ODD_KEPT
        self.chance *= ODD_KEPT

    @property
    def clumps(self) -> float:
        """So many outcomes say no more than one would by itself."""
        fewest, most = CLUMPS
        return min(max(self.apart / self.chance, fewest), most) if self.chance > ODD_LEAST else ODD_UNTIL

    @property
    def share(self) -> float:
        return self.failed / self.total if self.total else 0.0

    def see(self, minute: int, total: int, failed: int) -> bool:
        """Take one minute's outcomes in, in their order; whether this raises an alarm or ends an incident."""
        if self.usual is None or not total:
            return self._silent(minute)
        if minute // 60 != self._hour:
            self._turn(minute // 60, self.usual)
        if self.open or self.muted:
            return self._look_for_the_end(minute, total, failed)
        gain, loss, steep_gain, steep_loss = self._weights
        chance = total * self._share
        distance = (failed - chance) ** 2
        most = 16 * chance + 16
        self.apart += distance if distance < most else most
        self.chance += chance
        fine = total - failed
        low = self.low + failed * gain - fine * loss
        if low <= 0.0:
            self.low = 0.0
        else:
            if self.low == 0.0:
                self.low_from = (minute, self.seen_total, self.seen_failed)
            self.low = low
        steep = self.steep + failed * steep_gain - fine * steep_loss
        if steep <= 0.0:
            self.steep = 0.0
        else:
            if self.steep == 0.0:
                self.steep_from = (minute, self.seen_total, self.seen_failed)
            self.steep = steep
        self.seen_total += total
        self.seen_failed += failed
        height = self.height
        if low < height and steep < height:
            return False
        return self._raise(minute, *(self.low_from if low >= height else self.steep_from))

    def _raise(self, minute: int, since: int, total: int, failed: int) -> bool:
        total, failed = self.seen_total - total, self.seen_failed - failed
        if failed < FEWEST_FAILED:
            return False
        self.since, self.total, self.failed = since, total, failed
        self.open, self.calm, self.found, self.heard = True, 0.0, minute, minute
        return True

    def close(self) -> None:
        """Somebody closed the incident by hand."""
        if self.open:
            self.open, self.muted = False, True

    def _turn(self, hour: int, usual: Usual) -> None:
        """A new hour: what its outcomes speak for, by the usual share of this time of the day."""
        self._hour, self._share = hour, usual.share(hour)
        highest, clumps = usual.highest[slot(hour)], self.clumps
        gain, loss = _weights(self._share, highest, RISES[0])
        steep_gain, steep_loss = _weights(self._share, highest, RISES[1])
        self._weights = (gain / clumps, loss / clumps, steep_gain / clumps, steep_loss / clumps)

    def _look_for_the_end(self, minute: int, total: int, failed: int) -> bool:
        """The same sum the other way round: what speaks against the smallest rise that is looked for."""
        gain, loss, *_ = self._weights
        self.calm = max(0.0, self.calm + (total - failed) * loss - failed * gain)
        self.heard = minute
        if self.open:
            self.total += total
            self.failed += failed
        if self.calm < ENDED or minute - self.found < QUIET_MINUTES:
            return False
        return self._end()

    def _silent(self, minute: int) -> bool:
        return (self.open or self.muted) and minute - self.heard >= SILENT_MINUTES and self._end()

    def _end(self) -> bool:
        was_open = self.open
        self.open = self.muted = False
        self.calm = 0.0
        self.low = self.steep = 0.0
        return was_open


@dataclass(frozen=True, slots=True)
class Raised:
    """One value whose share is unusual now: what was seen of it since then, and what would have been usual."""

    dimension: str
    value: str
    total: int
    failed: int
    usual: float

    @property
    def beyond(self) -> float:
        """Failures beyond the usual ones."""
        return max(0.0, self.failed - self.usual * self.total)

    @property
    def share(self) -> float:
        return self.failed / self.total if self.total else 0.0


def explained(raised: Sequence[Raised]) -> Mapping[tuple[str, str], tuple[str, str]]:
    """Which values fail only because another one does: (dimension, value) to the one that explains it.

    A provider's outage raises the share of everything its mail is part of; a fault of ours raises the share of every
    provider. So where most of what fails beyond the usual is one or two providers' (or gateways'), they explain the
    rest. Where it is spread over more, our own side does: one of our addresses if it has nearly all of it, else all.
    """
    everything = next((one for one in raised if one.dimension == "all"), None)
    theirs = [one for one in raised if one.dimension in ("provider", "gateway")]
    ours = [one for one in raised if one.dimension in ("sending_ip", "article")]
    found: dict[tuple[str, str], tuple[str, str]] = {}
    narrow = _narrowest(theirs)
    for one in theirs:
        if one not in narrow:
            found[_key(one)] = _key(max(narrow, key=lambda other: other.beyond))
    whole = everything or max(ours, key=lambda one: one.beyond, default=None)
    if whole is None:
        return found
    two = sorted((one.beyond for one in narrow), reverse=True)[:2]
    if narrow and sum(two) >= MOST * whole.beyond and len(narrow) < OURS_FROM:
        worst = max(narrow, key=lambda one: one.beyond)
        wide = ((everything,) if everything else ()) + tuple(ours)
        return found | {_key(one): _key(worst) for one in wide}
    if narrow and len(narrow) < OURS_FROM and not everything:
        return found
    source = _our_part(everything, ours) or whole
    return {_key(one): _key(source) for one in raised if one is not source}


def _our_part(everything: Raised | None, ours: Sequence[Raised]) -> Raised | None:
    """The address or article of ours that has nearly all of what fails, and clearly more of it than mail in general."""
    if everything is None:
        return None
    likely = [one for one in ours if one.beyond >= 0.8 * everything.beyond and one.total <= 0.9 * everything.total]
    return max(likely, key=lambda one: (one.share, one.dimension == "sending_ip"), default=None)


def _narrowest(theirs: Sequence[Raised]) -> list[Raised]:
    """Of a gateway and the provider behind it, which share their failures, the one where a greater part fails."""
    kept: list[Raised] = []
    for one in sorted(theirs, key=lambda each: each.share, reverse=True):
        same = (
            other for other in kept if other.dimension != one.dimension and _ratio(one.beyond, other.beyond) >= MOST
        )
        if next(same, None) is None:
            kept.append(one)
    return kept


def _ratio(one: float, other: float) -> float:
    return min(one, other) / max(one, other, 1e-9)


def _key(one: Raised) -> tuple[str, str]:
    return (one.dimension, one.value)


def _weights(share: float, highest: float, rise: float) -> tuple[float, float]:
    """What one failure speaks for the rise, and one success against it, in nats."""
    if share + rise > 0.99:
        return 0.0, 1.0  # so much fails as it is that there is no such rise
    usual, raised = min(max(highest, 0.002), 0.98), max(share + rise, highest + 0.01)
    return log(raised / usual), log((1 - usual) / (1 - raised))


def _cost(share: float, highest: float, rise: float) -> float:
    """What a usual outcome takes off the sum on average, at the end of the usual range."""
    gain, loss = _weights(share, highest, rise)
    return max((1 - highest) * loss - highest * gain, 1e-4)


def _share(hours: Sequence[Hour], weights: Sequence[float]) -> float:
    total = sum(weight * one.total for one, weight in zip(hours, weights, strict=True))
    failed = sum(weight * one.failed for one, weight in zip(hours, weights, strict=True))
    return (failed + 0.5) / (total + 25.0)


def _stands_out(one: Hour, share: float) -> bool:
    """An hour that was no usual one, although nobody called it an incident."""
    expected = one.total * share
    return one.failed > 3 + 3 * expected + 4 * sqrt(expected)


def _by_time_of_day(hours: Sequence[Hour], weights: Sequence[float], overall: float) -> tuple[float, ...]:
    """Each hour with the one before and after it; where little is known of them, the overall share has its say."""
    totals, failures = [0.0] * SLOTS, [0.0] * SLOTS
    for one, weight in zip(hours, weights, strict=True):
        place = slot(one.at)
        totals[place] += weight * one.total
        failures[place] += weight * one.failed
    shares = []
    for place in range(SLOTS):
        day = place // 24 * 24
        near = [day + (place + step) % 24 for step in (-1, 0, 1)]
        total, failed = sum(totals[one] for one in near), sum(failures[one] for one in near)
        shares.append((failed + TRUST * overall) / (total + TRUST))
    return tuple(shares)


def _spread(hours: Sequence[Hour], weights: Sequence[float], shares: Sequence[float]) -> float:
    """How much the share differs from hour to hour beyond chance (method of moments of the beta-binomial)."""
    beyond = pairs = 0.0
    for one, weight in zip(hours, weights, strict=True):
        share = shares[slot(one.at)]
        beyond += weight * ((one.failed - one.total * share) ** 2 - one.total * share * (1 - share))
        pairs += weight * one.total * (one.total - 1)
    return sqrt(max(0.0, beyond / pairs)) if pairs else 0.0
