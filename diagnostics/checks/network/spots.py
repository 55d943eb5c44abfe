"""What browser and script together tell of each port at each place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from diagnostics.checks.network.stops import PERHAPS_LOST, Reading, Stop, stop_of
from diagnostics.probes.network_look import (
    BrowserLook,
    NetworkLook,
    Place,
    PortLook,
    PortState,
    ScriptLook,
    Sightings,
    seen_of,
    state_of,
)

End = tuple[str, int]
"""A host of ours, and one of its ports."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One port from one place. `seen`: the question came to us, the answer did not come back."""

    place: Place
    port: PortLook
    state: PortState
    stop: Stop | None = None
    seen: bool = False

    @property
    def end(self) -> End:
        return self.port.host, self.port.port

    @property
    def opened(self) -> bool:
        return self.state is PortState.OPEN

    @property
    def works(self) -> bool:
        """Our answer came, if only once."""
        return self.port.echoed or self.opened

    @property
    def telling(self) -> bool:
        return self.works or self.stop is not None


def spots_of(
    browsers: Sequence[BrowserLook],
    scripts: Sequence[ScriptLook],
    sightings: Iterable[Sightings],
    issuers: Collection[str] = (),
    vouching: Collection[str] = (),
) -> tuple[Spot, ...]:
    """One for each port and place that somebody looked at, by the newest look of either kind; oldest first."""
    sightings = tuple(sightings)
    told: dict[tuple[Place, End], list[Spot]] = {}
    every = (*scripts, *browsers)
    # The script first: where both say no, it knows why.
    for look in (*_newest(scripts), *_newest(browsers)):
        for spot in _seen_by(look, every, sightings, issuers, vouching):
            told.setdefault((spot.place, spot.end), []).append(spot)
    return tuple(min(found, key=_rank) for found in told.values())


def _newest(looks: Iterable[NetworkLook]) -> Iterable[NetworkLook]:
    return {look.place: look for look in looks}.values()


def _seen_by(
    look: NetworkLook,
    every: Sequence[NetworkLook],
    sightings: Sequence[Sightings],
    issuers: Collection[str],
    vouching: Collection[str],
) -> Iterator[Spot]:
    reading = Reading(look, tuple((port, state_of(look, port, sightings)) for port in look.ports), issuers, vouching)
    for port, state in reading.ports:
        seen = port.hows <= PERHAPS_LOST and _must_be_this(look, port, every, sightings)
        yield Spot(look.place, port, state, stop_of(reading, port, state, seen=seen), seen)


def _must_be_this(
    look: NetworkLook, port: PortLook, every: Iterable[NetworkLook], sightings: Iterable[Sightings]
) -> bool:
    """Our responder saw this test at a port of that number, and no other try of that name could be meant.

    One script is run at several places under one name, and a sighting does not tell which host it was at.
    """
    if not any(one.port == port.port for one in seen_of(look, sightings)):
        return False
    tries = [one for other in every if other.nonce == look.nonce for one in other.ports if one.port == port.port]
    return len(tries) == 1


def _rank(spot: Spot) -> int:
    """What works for anybody works; what worked once is not closed; a reason is better than none."""
    if spot.opened:
        return 0
    if spot.works:
        return 1
    return 2 if spot.stop else 3
