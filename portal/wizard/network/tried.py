"""What was tried, and what the looks of one place tell together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _

from diagnostics.domain import Seen
from diagnostics.probes.network_look import (
    BLOCKED,
    BrowserLook,
    How,
    NetworkLook,
    Place,
    PortLook,
    PortState,
    ScriptLook,
    Sightings,
    Turn,
    seen_of,
    state_of,
)
from diagnostics.probes.responders import Responders
from diagnostics.probes.server_ports import ServerPorts
from portal.wizard import words
from portal.wizard.casefile import CaseFile
from portal.wizard.endpoints import endpoints


@dataclass(frozen=True, slots=True)
class TriedPort:
    """One port of one host as one look saw it. `down`: our own test point is, so it says nothing about the customer."""

    look: NetworkLook
    port: PortLook
    state: PortState
    down: bool = False
    aside: words.Words = ""
    """Another look of the same place saw it otherwise."""

    @property
    def end(self) -> tuple[str, int]:
        return self.port.host, self.port.port

    @property
    def telling(self) -> bool:
        return self.state is not PortState.CANNOT_TEST and not self.down

    @property
    def works(self) -> bool:
        """Our answer came, if only once."""
        return self.port.echoed or self.state is PortState.OPEN


@dataclass(frozen=True, slots=True)
class Tried:
    """A look with what each of its ports came to."""

    look: NetworkLook
    at: datetime
    ports: tuple[TriedPort, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """What all looks of one place tell of each port together. `counts`: by it the diagnosis answers."""

    place: Place
    looks: tuple[NetworkLook, ...]
    ports: tuple[TriedPort, ...]
    counts: bool

    def of_state(self, *states: PortState) -> tuple[int, ...]:
        return _numbers(one for one in self.ports if one.state in states and not one.down)

    @property
    def untested(self) -> bool:
        """Nothing at all could be tried."""
        return not any(one.telling for one in self.ports)

    @property
    def all_open(self) -> bool:
        return all(one.state is PortState.OPEN for one in self.ports)

    def never_tried(self, ends: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
        tried = {one.end for one in self.ports if one.port.tries}
        return tuple(end for end in ends if end not in tried)


def all_tried(file: CaseFile) -> list[Tried]:
    """The newest look of every tool and place, the device's own network first."""
    newest: dict[tuple[type[object], Place], Seen] = {}
    for seen in file.evidence:
        if isinstance(seen.observation, BrowserLook | ScriptLook):
            newest[seen.kind, seen.observation.place] = seen
    places = list(Place)
    found = sorted(newest.items(), key=lambda one: (places.index(one[0][1]), one[0][0].__name__))
    return [_judged(file, seen.observation, seen.at) for _, seen in found if isinstance(seen.observation, NetworkLook)]


def _judged(file: CaseFile, look: NetworkLook, at: datetime) -> Tried:
    sightings = file.evidence.all(Sightings)
    ours = file.evidence.get(Responders)
    found = (TriedPort(look, port, state_of(look, port, sightings)) for port in look.ports)
    return Tried(
        look,
        at,
        tuple(replace(one, down=not one.works and ours is not None and not ours.up(*one.end)) for one in found),
    )


def blamed_ports(file: CaseFile) -> frozenset[int]:
    """The ports of which the diagnosis says what in the customer's network stops them."""
    ranked = file.diagnosis.causes if file.diagnosis else ()
    named = [one.facts.get("ports", "") for one in ranked if one.cause.startswith("network.")]
    return frozenset(int(port) for ports in named for port in ports.split(", ") if port.isdecimal())


def spots_of(tried: Sequence[Tried], blamed: Collection[int]) -> list[Spot]:
    """The device's own places count, else the office."""
    places = list(dict.fromkeys(one.look.place for one in tried))
    counting = [place for place in places if place.of_the_device] or [one for one in places if one.of_the_company]
    spots = []
    for place in places:
        there = sorted((one for one in tried if one.look.place is place), key=lambda one: one.at, reverse=True)
        by_end: dict[tuple[str, int], list[TriedPort]] = {}
        for told in (told for one in there for told in one.ports):
            by_end.setdefault(told.end, []).append(told)
        ports = tuple(_together(found, blamed=end[1] in blamed) for end, found in by_end.items())
        spots.append(Spot(place, tuple(one.look for one in there), ports, place in counting))
    return spots


def _together(found: Sequence[TriedPort], *, blamed: bool) -> TriedPort:
    """One port by its looks, newest first: the newest says how it is, the script says why.

    What a script got through to is not closed because a browser fails: much besides the network stops a browser.
    """
    telling = [one for one in found if one.telling]
    if not telling:
        return next((one for one in found if one.down), found[0])
    newest, earlier = telling[0], telling[1:]
    blocked = [one for one in telling if one.state in BLOCKED]
    if blamed:
        found = blocked or telling
        return next((one for one in found if isinstance(one.look, ScriptLook)), found[0])
    if newest.state not in BLOCKED:
        return replace(newest, aside=_("An earlier test failed, the newest one worked.") if blocked else "")
    by_script = next((one for one in telling if isinstance(one.look, ScriptLook)), newest)
    if by_script.state is PortState.OPEN:
        return replace(by_script, aside=_("The script got through, the browser did not."))
    if any(one.works for one in earlier):
        return replace(newest, state=PortState.FLAKY)
    return by_script


def ends_of(file: CaseFile) -> tuple[tuple[str, int], ...]:
    """Host and port of every test point."""
    return tuple((one.host, one.port) for one in endpoints(file.vendor))


def is_read_along(file: CaseFile, one: TriedPort) -> bool:
    """Our answer came under somebody else's certificate, which the script's computer trusts and a device will not."""
    known = isinstance(one.look, ScriptLook) and one.port.echoed and one.port.issuer and _vouching(file)
    return bool(known) and not _is_ours(file, one.port.issuer)


def _is_ours(file: CaseFile, issuer: str) -> bool:
    """Whether who signed that certificate vouches for our own hosts as well."""
    ports = file.evidence.get(ServerPorts)
    known = (*_vouching(file), *(one.tls_issuer for one in (ports.connections if ports else ())))
    return any(one.casefold() in issuer.casefold() for one in known if one)


def _vouching(file: CaseFile) -> tuple[str, ...]:
    """Who signed our test points' certificates, as our server sees them."""
    points = file.evidence.get(Responders)
    return tuple(one.issuer for one in points.ports if one.echoed and one.issuer) if points else ()


def is_our_certificate(file: CaseFile, one: TriedPort) -> bool:
    """What the script refused was our own: its computer's clock or authorities are wrong, or ours are."""
    return How.CERTIFICATE in one.port.hows and _is_ours(file, one.port.issuer)


def was_reached(file: CaseFile, one: TriedPort) -> bool:
    """The page heard our responder, or that one saw this very test: no other try of that name could be meant."""
    if one.port.turn is Turn.REACHED:
        return True
    looks = (*file.evidence.all(BrowserLook), *file.evidence.all(ScriptLook))
    tries = [port for look in looks if look.nonce == one.look.nonce for port in look.ports]
    alone = sum(port.port == one.port.port for port in tries) == 1
    return alone and any(seen.port == one.port.port for seen in seen_of(one.look, file.evidence.all(Sightings)))


def place_words(file: CaseFile, place: Place) -> words.Words:
    """Where that is, in the words of the article."""
    return (words.PLACES if file.article.models else words.PLACES_WITHOUT_CLOCK)[place]


def _numbers(ports: Iterable[TriedPort]) -> tuple[int, ...]:
    return tuple(sorted({one.port.port for one in ports}))


def listed(ports: Iterable[int]) -> str:
    """As `80, 443`."""
    return ", ".join(map(str, ports))


def without_test_point(file: CaseFile) -> tuple[int, ...]:
    """Ports of the article that no test point stands for."""
    return tuple(sorted(set(file.vendor.ports) - {port for _host, port in ends_of(file)}))
