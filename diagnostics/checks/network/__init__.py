"""Does the customer's own network let a device through to us?

A closed port is theirs only where our own server gets an answer at that port. It is proved where the device itself is
plugged in, or on the Wi-Fi that it uses, and a hint anywhere else: another network has other rules.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from diagnostics.checks.network.spots import End, Spot, spots_of
from diagnostics.checks.network.stops import (
    CAPTIVE_PORTAL,
    DNS_FILTER,
    NO_WAY_OUT,
    PLAIN,
    PROXY_NEEDED,
    TLS_INTERCEPTION,
    WEB_FILTER,
    OurSide,
)
from diagnostics.domain import Finding, Gap, NotAsked, Unobserved, hints, proves, rules_out
from diagnostics.probes.network_look import BrowserLook, How, Place, ScriptLook, Sightings, apart
from diagnostics.probes.responders import Responders
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.registry import check

PORTS_BLOCKED = "network.ports-blocked"
SEGMENT_BLOCKED = "network.segment-blocked"
WIFI_BLOCKED = "network.wifi-blocked"
PROVABLE = (
    CAPTIVE_PORTAL,
    PROXY_NEEDED,
    DNS_FILTER,
    TLS_INTERCEPTION,
    WEB_FILTER,
    SEGMENT_BLOCKED,
    WIFI_BLOCKED,
    PORTS_BLOCKED,
)
"""What explains most first."""
HINTED = (NO_WAY_OUT,)
"""What is never sure: we know of two destinations, our test point and the portal, and not of the product's own."""
TAGS = (*HINTED, *PROVABLE)


@check(
    may_read=(ServerPorts, Responders),
    every=(BrowserLook, ScriptLook, Sightings),
    answers="network",
    decides=False,
    emits={*TAGS},
)
def lets_a_device_through(
    ports: ServerPorts | None,
    responders: Responders | None,
    browsers: Sequence[BrowserLook],
    scripts: Sequence[ScriptLook],
    sightings: Sequence[Sightings],
) -> Iterator[Finding]:
    """What browsers and the check script saw of our test points, from each place."""
    spots = spots_of(browsers, scripts, sightings, _our_side(ports, responders))
    if not any(spot.place.of_the_company for spot in spots):
        raise NotAsked  # home and mobile networks say nothing about the company's
    ours = _down_with_us(spots, responders)
    theirs = tuple(spot for spot in spots if spot not in ours)
    by_tag = _by_tag(theirs)
    if not by_tag:
        yield from map(rules_out, _ruled_out(spots, ours, responders, ports))
        return
    for perhaps in HINTED:
        if stopped := by_tag.get(perhaps):
            yield hints(perhaps, **_facts(stopped))
    shut = ports.shut if ports else frozenset()
    for tag in PROVABLE:
        if stopped := by_tag.get(tag):
            sure = [spot for spot in stopped if responders is not None and _is_sure(spot, theirs, shut)]
            finding = proves if sure else hints
            yield finding(tag, **_facts(sure or stopped))


def _our_side(ports: ServerPorts | None, responders: Responders | None) -> OurSide:
    answering = [one for one in responders.ports if one.echoed] if responders else []
    return OurSide(
        issuers=frozenset(one.tls_issuer for one in ports.connections if one.tls_issuer) if ports else frozenset(),
        vouching=frozenset(one.issuer for one in answering if one.issuer),
        addresses=frozenset((one.host, one.address) for one in answering if one.address),
    )


# --- whose fault ----------------------------------------------------------------------------------------------------


def _down_with_us(spots: Iterable[Spot], responders: Responders | None) -> frozenset[Spot]:
    """What did not work there, and may not work for anybody: our test point is down."""
    if responders is None:
        return frozenset()
    return frozenset(spot for spot in spots if not spot.answered and not responders.up(*spot.end))


# --- which cause ----------------------------------------------------------------------------------------------------


def _by_tag(spots: Sequence[Spot]) -> dict[str, list[Spot]]:
    """What stops the ports at the places that count. A reason makes a guess about the same port needless."""
    stopped = _stopped(spots)
    explained = {spot.end for spot in stopped if spot.stop and spot.stop.tag}
    found: dict[str, list[Spot]] = {}
    for spot in stopped:
        if spot.stop and (spot.stop.tag or spot.stop.sure or spot.end not in explained):
            tags = (spot.stop.tag or _closed_by(spot.end, stopped, spots), spot.stop.also)
            for tag in filter(None, tags):
                found.setdefault(tag, []).append(spot)
    return found


def _stopped(spots: Sequence[Spot]) -> list[Spot]:
    """At the device's own places; elsewhere in the company only of ports that nothing is known about from there."""
    known = {spot.end for spot in spots if spot.place.of_the_device and spot.telling}
    return [
        spot
        for spot in spots
        if spot.stop and (spot.place.of_the_device or (spot.place is Place.OFFICE and spot.end not in known))
    ]


def _closed_by(end: End, stopped: Iterable[Spot], spots: Iterable[Spot]) -> str:
    """Who closed the port: told by where it is open."""
    closed_at = {spot.place for spot in stopped if spot.end == end}
    open_at = {spot.place for spot in spots if spot.end == end and spot.works and spot.place.of_the_company}
    if closed_at == {Place.WIFI} and Place.DEVICE in open_at:
        return WIFI_BLOCKED
    return SEGMENT_BLOCKED if open_at else PORTS_BLOCKED


def _is_sure(spot: Spot, spots: Iterable[Spot], shut: Collection[int]) -> bool:
    """Seen at the device's own place, not to be mistaken, and not contradicted.

    What is closed outside the company as well, and open nowhere, may not be theirs after all. A port that was open
    elsewhere in the company, but seen from another address, may have been open to another network altogether.
    """
    if not spot.stop or (not spot.stop.tag and spot.port.port in shut):
        return False
    elsewhere = [one for one in spots if one.end == spot.end and one is not spot]
    opened = any(one.opened for one in elsewhere)
    wavers = any(one.works and not one.opened for one in elsewhere)
    doubtful = any(one.stop and one.place is Place.ELSEWHERE for one in elsewhere) and not opened
    in_company = [one for one in elsewhere if one.opened and one.place.of_the_company]
    strange = bool(in_company) and not spot.stop.tag and all(apart(one.sites, spot.sites) for one in in_company)
    return spot.stop.sure and spot.place.of_the_device and not (wavers or doubtful or strange)


# --- nothing found --------------------------------------------------------------------------------------------------


def _ruled_out(
    spots: Sequence[Spot], ours: frozenset[Spot], responders: Responders | None, ports: ServerPorts | None
) -> Iterable[str]:
    """What cannot be, now that every port is open where the device is.

    Raises Unobserved where one is not, or is a port of the product that no test point stands for, and NotAsked where
    nobody has looked from there.
    """
    ends = {spot.end for spot in spots} | {(one.host, one.port) for one in (responders.ports if responders else ())}
    stood_for = {port for _, port in ends}
    places = {spot.place for spot in spots if spot.place.of_the_device}
    opened = {(spot.place, spot.end): spot for spot in spots if spot.opened}
    if not all((place, end) in opened for place in places or {Place.OFFICE} for end in ends):
        unknown = {spot for spot in spots if spot.place in (places or {Place.OFFICE}) and not spot.opened}
        raise Unobserved(Gap.RESPONDER_DOWN if unknown and unknown <= ours else Gap.CANNOT_TEST)
    if not places:
        raise NotAsked
    if any(one.port not in stood_for for one in (ports.connections if ports else ())):
        raise Unobserved(Gap.CANNOT_TEST)
    there = [spot for spot in opened.values() if spot.place in places]
    possible = set(_still_possible(there, vouched=bool(_our_side(ports, responders).vouching)))
    return (tag for tag in TAGS if tag not in possible and (tag != WIFI_BLOCKED or Place.WIFI in places))


def _still_possible(opened: Iterable[Spot], *, vouched: bool) -> Iterator[str]:
    """What may stop a device all the same.

    Somebody may have signed in for that computer only, browsers find proxies by themselves and trust whomever the
    company trusts. A script does neither; whom it trusts shows only if we know who vouches for us.
    """
    yield CAPTIVE_PORTAL
    if not all(spot.by_script for spot in opened):
        yield from (PROXY_NEEDED, TLS_INTERCEPTION)
    elif not vouched or not all(spot.port.issuer for spot in opened if spot.port.port != PLAIN):
        yield TLS_INTERCEPTION


# --- what to tell ---------------------------------------------------------------------------------------------------


def _facts(stopped: Sequence[Spot]) -> dict[str, str]:
    places = [place for place in Place if any(spot.place is place for spot in stopped)]
    facts = {
        "host": _listed(spot.port.host for spot in stopped),
        "ports": _numbers(stopped),
        "places": _listed(places),
        "issuer": _listed(spot.port.issuer for spot in stopped),
        "address": _listed(spot.port.address for spot in stopped),
        "seen": _numbers(spot for spot in stopped if spot.seen),
        "broken_off": _numbers(spot for spot in stopped if How.BROKEN_OFF in spot.port.hows),
        "by_proxy": _numbers(spot for spot in stopped if spot.port.by_proxy is How.ECHO),
    }
    return {name: fact for name, fact in facts.items() if fact}


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(text for text in texts if text))


def _numbers(spots: Iterable[Spot]) -> str:
    return ", ".join(str(port) for port in sorted({spot.port.port for spot in spots}))
