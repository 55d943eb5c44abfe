"""What browser and script together tell of each port at each place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from diagnostics.checks.network.stops import (
    PERHAPS_LOST,
    PROXY_NEEDED,
    TLS_INTERCEPTION,
    OurSide,
    Reading,
    Stop,
    stop_of,
)
from diagnostics.probes.network_look import (
    BrowserLook,
    NetworkLook,
    Place,
    PortLook,
    PortState,
    ScriptLook,
    Sightings,
    Site,
    apart,
    goes_another_way,
    seen_of,
    sites,
    state_of,
)

End = tuple[str, int]
"""A host of ours, and one of its ports."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One port from one place.

    `seen`: the question came to us, the answer did not come back. `sites`: which networks that look came from.
    `another_way`: a VPN or the like leads that browser past the network that it is in.
    """

    place: Place
    port: PortLook
    state: PortState
    stop: Stop | None = None
    seen: bool = False
    by_script: bool = False
    sites: frozenset[Site] = frozenset()
    another_way: bool = False

    @property
    def end(self) -> End:
        return self.port.host, self.port.port

    @property
    def answered(self) -> bool:
        """Our answer came, if only once, whichever way."""
        return self.port.echoed or self.state is PortState.OPEN

    @property
    def opened(self) -> bool:
        """Open there, to a device as well as to whoever looked."""
        return self.state is PortState.OPEN and not self.another_way

    @property
    def works(self) -> bool:
        """The same, if only once."""
        return self.answered and not self.another_way

    @property
    def telling(self) -> bool:
        return self.works or self.stop is not None


def spots_of(
    browsers: Sequence[BrowserLook],
    scripts: Sequence[ScriptLook],
    sightings: Iterable[Sightings],
    ours: OurSide,
) -> tuple[Spot, ...]:
    """One for each port and place that somebody looked at, by the newest look of either kind; oldest first."""
    sightings = tuple(sightings)
    told: dict[tuple[Place, End], list[Spot]] = {}
    every = (*scripts, *browsers)
    # The script first: where both say no, it knows why.
    newest = (*_newest(scripts), *_newest(browsers))
    with_way_out = {look.place for look in newest if look.portal_reached or any(one.echoed for one in look.ports)}
    for look in newest:
        for spot in _seen_by(look, every, sightings, ours, way_out=look.place in with_way_out):
            told.setdefault((spot.place, spot.end), []).append(spot)
    return tuple(map(_settled, told.values()))


def _newest(looks: Iterable[NetworkLook]) -> Iterable[NetworkLook]:
    return {look.place: look for look in looks}.values()


def _seen_by(
    look: NetworkLook,
    every: Sequence[NetworkLook],
    sightings: Sequence[Sightings],
    ours: OurSide,
    *,
    way_out: bool,
) -> Iterator[Spot]:
    states = tuple((port, state_of(look, port, sightings)) for port in look.ports)
    reading = Reading(look, states, ours, way_out)
    another_way = goes_another_way(look)
    for port, state in states:
        meant = _perhaps_seen(look, port, every, sightings)
        stop = stop_of(reading, port, state, seen=meant == [port])
        if stop and (another_way or meant):
            stop = replace(stop, sure=False)
        yield Spot(
            place=look.place,
            port=port,
            state=state,
            stop=stop,
            seen=meant == [port],
            by_script=reading.by_script,
            sites=sites(look.sources or (look.source,)),
            another_way=another_way,
        )


def _perhaps_seen(
    look: NetworkLook, port: PortLook, every: Iterable[NetworkLook], sightings: Iterable[Sightings]
) -> list[PortLook]:
    """All tries, this one among them, that our responder may mean which saw this test at a port of that number.

    One script is run at several places under one name, and a sighting does not tell which host it was at. Where one
    of them had our answer, it was that one.
    """
    if not port.hows <= PERHAPS_LOST or not any(one.port == port.port for one in seen_of(look, sightings)):
        return []
    tries = [one for other in every if other.nonce == look.nonce for one in other.ports if one.port == port.port]
    return [] if any(one.echoed for one in tries) else tries


def _settled(found: Sequence[Spot]) -> Spot:
    """What browser and script come to together.

    A browser to which a port opened outdoes a script only if it may have gone the same way. If it was in another
    network than the script, one of the two was not where it is said to have been.
    """
    best = min(found, key=_rank)
    if best.by_script and best.stop and any(one.opened and apart(one.sites, best.sites) for one in found):
        return replace(best, stop=replace(best.stop, sure=False))
    if best.by_script or not best.works:
        return best
    for one in found:
        if one.by_script and one.stop and apart(one.sites, best.sites):
            return replace(one, stop=replace(one.stop, sure=False))
    return best


def _rank(spot: Spot) -> int:
    """What works for anybody works, but by a proxy, or under a certificate that a browser was told to trust, it works
    for nobody without.

    What worked once is not closed; a reason is better than none.
    """
    if spot.opened or (spot.stop and spot.stop.tag in (PROXY_NEEDED, TLS_INTERCEPTION)):
        return 0
    if spot.works:
        return 1
    return 2 if spot.stop else 3
