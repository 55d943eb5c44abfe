"""What was seen from the customer's own network, and what follows: whose fault, how sure, or nothing at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from diagnostics import registry
from diagnostics.checks.network import TAGS, lets_a_device_through
from diagnostics.domain import (
    Connection,
    ConnectOutcome,
    Evidence,
    Finding,
    Gap,
    NotAsked,
    Seen,
    Severity,
    Status,
    Unobserved,
    Vantage,
)
from diagnostics.probes.network_look import (
    BrowserLook,
    How,
    NetworkLook,
    Place,
    PortLook,
    ScriptLook,
    Sighting,
    Sightings,
    Try,
    Turn,
    goes_another_way,
)
from diagnostics.probes.responders import ResponderPort, Responders
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.remedies import remedies
from diagnostics.verdicts import diagnose

AT = datetime(2026, 3, 2, 10, 42, tzinfo=UTC)
HOST = "check.example.net"
ADDRESS = "192.0.2.80"
PORTS = (80, 443, 59777, 59778)
DEVICE, WIFI, OFFICE, ELSEWHERE = Place
HIGH = (59777, 59778)
ECHO, OTHER, FAILED, SILENT, UNKNOWN = How.ECHO, How.OTHER, How.FAILED, How.SILENT, How.UNKNOWN
NO_NAME, DNS_SILENT, REFUSED, FILTERED = How.NO_NAME, How.DNS_SILENT, How.REFUSED, How.FILTERED
NO_ANSWER, BROKEN_OFF, CERTIFICATE, PROXY_REFUSED = (
    How.NO_ANSWER,
    How.BROKEN_OFF,
    How.CERTIFICATE,
    How.PROXY_REFUSED,
)
FAST, SLOW = 90, 12_000
NONCE = "nonce-of-this-very-test"
OUR_CA, THEIR_CA = "C = US, O = Example Trust, CN = E5", "CN = Example Corp Inspection"

UP = Responders(tuple(ResponderPort(HOST, port, ConnectOutcome.OPEN, True) for port in PORTS))
DOWN = Responders(tuple(ResponderPort(HOST, port, ConnectOutcome.REFUSED, False) for port in PORTS))
HIGH_DOWN = Responders(tuple(ResponderPort(HOST, port, ConnectOutcome.OPEN, port not in HIGH) for port in PORTS))


def hows(how: How | Mapping[int, How], ports: tuple[int, ...]) -> Mapping[int, How]:
    return dict.fromkeys(ports, how) if isinstance(how, How) else how


def script(
    place: Place,
    how: How | Mapping[int, How] = ECHO,
    ports: tuple[int, ...] = PORTS,
    *,
    portal: bool = True,
    nonce: str = NONCE,
    **more: object,
) -> ScriptLook:
    """A run that ended so at these ports, or as named at each, and well at the others, which `more` is not for."""
    ended = hows(how, ports)
    return ScriptLook(
        nonce,
        place,
        tuple(_by_script(port, ended.get(port, ECHO), dict(more)) for port in PORTS),
        portal_reached=portal,
    )


def _by_script(port: int, how: How, more: dict[str, object]) -> PortLook:
    found = "" if how in (NO_NAME, DNS_SILENT) else ADDRESS
    # The script tells of every certificate who signed it, of ours as well.
    plain = PortLook(HOST, port, (Try(how, 150),), address=found, issuer="" if port == 80 else OUR_CA)
    if how is ECHO:
        return plain
    return replace(plain, **{"issuer": "", **more})  # type: ignore[arg-type]


def browser(
    place: Place,
    how: How | Mapping[int, How] = ECHO,
    ports: tuple[int, ...] = PORTS,
    *,
    portal: bool = True,
    ms: int | None = None,
    nonce: str = NONCE,
    **more: object,
) -> BrowserLook:
    ended = hows(how, ports)
    return BrowserLook(
        nonce,
        place,
        tuple(_by_browser(port, ended.get(port, ECHO), ms, dict(more)) for port in PORTS),
        portal_reached=portal,
    )


def _by_browser(port: int, how: How, ms: int | None, more: dict[str, object]) -> PortLook:
    took = ms if ms is not None else SLOW if how is SILENT else FAST
    plain = PortLook(HOST, port, (Try(how, took),) * 2)
    return plain if how is ECHO else replace(plain, **more)  # type: ignore[arg-type]


def tries(look: NetworkLook, port: int, *ended: How) -> NetworkLook:
    """The same look, but for how the tries of one port ended."""
    told = tuple(Try(how, FAST) for how in ended)
    return replace(look, ports=tuple(replace(one, tries=told) if one.port == port else one for one in look.ports))


def saw(*ports: int, turn: bool = False, nonce: str = NONCE) -> Sightings:
    return Sightings(nonce, tuple(Sighting(port, turn, "203.0.113.7") for port in ports))


def product(outcomes: Mapping[int, ConnectOutcome], issuer: str = "") -> ServerPorts:
    return ServerPorts(
        tuple(
            Connection("clock.example.net", port, outcomes.get(port, ConnectOutcome.OPEN), tls_issuer=issuer)
            for port in PORTS
        )
    )


def findings(*seen: object) -> list[Finding]:
    (one,) = (one for one in registry.checks() if one.judge is lets_a_device_through)
    evidence = Evidence(Seen(type(what), Vantage.SCRIPT, AT, what) for what in seen)
    return list(one.judge(*registry.arguments(one, evidence)))


def said(*seen: object) -> list[str]:
    """`tag strength: ports`, what is ruled out left out."""
    return [
        f"{one.tag.removeprefix('network.')} {one.strength}: {one.facts['ports']}"
        for one in findings(*seen)
        if one.severity is Severity.PROBLEM
    ]


BOTH = "59777, 59778"
ALL = "80, 443, 59777, 59778"

CLOSED = [
    ("filtered at the device", [script(DEVICE, FILTERED, HIGH)], ["ports-blocked proves: " + BOTH]),
    ("refused at the device", [script(DEVICE, REFUSED, HIGH)], ["ports-blocked proves: " + BOTH]),
    ("taken and then silent", [script(DEVICE, NO_ANSWER, HIGH)], ["ports-blocked proves: " + BOTH]),
    ("taken and broken off", [script(DEVICE, BROKEN_OFF, HIGH)], ["web-filter hints: " + BOTH]),
    (
        "taken and broken off, and the portal as well",
        [script(DEVICE, BROKEN_OFF, HIGH, portal=False)],
        ["ports-blocked proves: " + BOTH],
    ),
    (
        "no TLS comes through from anywhere",
        [script(DEVICE, NO_ANSWER, (443, *HIGH), portal=False)],
        ["ports-blocked hints: 443, " + BOTH],
    ),
    (
        "no TLS connects to anybody, plain text does",
        [script(DEVICE, FILTERED, (443, *HIGH), portal=False)],
        ["ports-blocked proves: 443, " + BOTH],
    ),
    (
        "no TLS comes through from us, the portal does",
        [script(DEVICE, NO_ANSWER, (443, *HIGH))],
        ["ports-blocked proves: 443, " + BOTH],
    ),
    ("filtered on its Wi-Fi", [script(WIFI, FILTERED, HIGH)], ["ports-blocked proves: " + BOTH]),
    ("filtered in the office", [script(OFFICE, FILTERED, HIGH)], ["ports-blocked hints: " + BOTH]),
    ("all filtered, portal reached", [script(DEVICE, FILTERED)], ["ports-blocked proves: " + ALL]),
    (
        "the portal is blocked as well",
        [script(DEVICE, FILTERED, HIGH, portal=False)],
        ["ports-blocked proves: " + BOTH],
    ),
    ("silent to a browser at the device", [browser(DEVICE, SILENT, HIGH)], ["ports-blocked proves: " + BOTH]),
    (
        "turned away at once there, by whomever: the browser's proxy, a certificate, the firewall",
        [browser(DEVICE, FAILED, HIGH)],
        ["ports-blocked hints: " + BOTH],
    ),
    (
        "silent once, turned away once",
        [tries(browser(DEVICE), 443, SILENT, FAILED)],
        ["ports-blocked hints: 443"],
    ),
    (
        "everything turned away, but not impossibly fast",
        [browser(DEVICE, FAILED, ms=8)],
        ["ports-blocked hints: 443, " + BOTH],
    ),
    ("a browser on the Wi-Fi", [browser(WIFI, SILENT, HIGH)], ["ports-blocked proves: " + BOTH]),
    ("a browser in the office", [browser(OFFICE, SILENT, HIGH)], ["ports-blocked hints: " + BOTH]),
    (
        "a browser to which no port opens: name, certificate or port, it does not say",
        [browser(DEVICE, FAILED)],
        ["ports-blocked hints: 443, " + BOTH],
    ),
    (
        "closed everywhere in the company, open at home",
        [script(DEVICE, FILTERED, HIGH), browser(OFFICE, SILENT, HIGH), browser(ELSEWHERE)],
        ["ports-blocked proves: " + BOTH],
    ),
    (
        "closed at home, too, and open nowhere",
        [script(DEVICE, FILTERED, HIGH), browser(ELSEWHERE, SILENT, HIGH)],
        ["ports-blocked hints: " + BOTH],
    ),
    (
        "closed at home, open in the office",
        [script(DEVICE, FILTERED, HIGH), browser(ELSEWHERE, SILENT, HIGH), browser(OFFICE)],
        ["segment-blocked proves: " + BOTH],
    ),
    (
        "one of two doubted",
        [script(DEVICE, FILTERED, HIGH), browser(ELSEWHERE, SILENT, (59777,))],
        ["ports-blocked proves: 59778"],
    ),
    (
        "closed at the device, open in the office",
        [script(DEVICE, FILTERED, HIGH), browser(OFFICE)],
        ["segment-blocked proves: " + BOTH],
    ),
    (
        "closed by cable and Wi-Fi, open in the office",
        [script(DEVICE, FILTERED, HIGH), browser(WIFI, SILENT, HIGH), script(OFFICE)],
        ["segment-blocked proves: " + BOTH],
    ),
    (
        "closed by cable, open by Wi-Fi",
        [script(DEVICE, FILTERED, HIGH), script(WIFI)],
        ["segment-blocked proves: " + BOTH],
    ),
    (
        "one port by the segment, one by the edge",
        [script(DEVICE, FILTERED, HIGH), script(OFFICE, FILTERED, (59778,))],
        ["segment-blocked proves: 59777", "ports-blocked proves: 59778"],
    ),
    (
        "open by cable, closed by Wi-Fi",
        [browser(DEVICE), script(WIFI, FILTERED, HIGH)],
        ["wifi-blocked proves: " + BOTH],
    ),
    (
        "open by cable, closed by Wi-Fi and in the office",
        [script(DEVICE), browser(WIFI, SILENT, HIGH), browser(OFFICE, SILENT, HIGH)],
        ["wifi-blocked proves: " + BOTH],
    ),
    (
        "the device's place could not be tried",
        [browser(DEVICE, SILENT, portal=False), browser(OFFICE, SILENT, HIGH)],
        ["ports-blocked hints: " + BOTH],
    ),
    (
        "worked once by cable, closed by Wi-Fi",
        [tries(browser(DEVICE), 59777, ECHO, SILENT), script(WIFI, FILTERED, (59777,))],
        ["wifi-blocked hints: 59777"],
    ),
    (
        "port 80, silent to TLS and TURN",
        [browser(DEVICE, SILENT, (80,), turn=Turn.SILENT)],
        ["ports-blocked hints: 80"],
    ),
    ("port 80, by script", [script(DEVICE, FILTERED, (80,))], ["ports-blocked proves: 80"]),
]

REASONS = [
    ("no such name", [script(DEVICE, NO_NAME)], ["dns-filter proves: " + ALL]),
    ("no such name in the office", [script(OFFICE, NO_NAME)], ["dns-filter hints: " + ALL]),
    ("DNS is silent about ours", [script(DEVICE, DNS_SILENT)], ["dns-filter hints: " + ALL]),
    (
        "no such name here nor at home",
        [script(DEVICE, NO_NAME), script(ELSEWHERE, NO_NAME)],
        ["dns-filter hints: " + ALL],
    ),
    (
        "names are looked up by the proxy",
        [script(DEVICE, NO_NAME, by_proxy=PROXY_REFUSED)],
        ["dns-filter hints: " + ALL],
    ),
    *(
        (f"led to {address}", [script(DEVICE, REFUSED, address=address)], ["dns-filter proves: " + ALL])
        for address in ("0.0.0.0", "127.0.0.1", "10.1.2.3", "192.168.1.1", "::", "::1", "fe80::1", "::ffff:10.0.0.1")  # noqa: S104
    ),
    (
        "led to a unique local address, or translated with a prefix of the network's own",
        [script(DEVICE, FILTERED, address="fd00:64::c000:250")],
        ["dns-filter hints: " + ALL],
    ),
    (
        "led to a block page at a private address",
        [script(DEVICE, {80: OTHER, 443: CERTIFICATE, 59777: REFUSED, 59778: NO_ANSWER}, address="10.0.0.53")],
        ["dns-filter proves: " + ALL],
    ),
    (
        "somebody else's certificate",
        [script(DEVICE, CERTIFICATE, (443,), issuer=THEIR_CA)],
        ["tls-interception proves: 443"],
    ),
    (
        "somebody else's certificate in the office",
        [script(OFFICE, CERTIFICATE, (443,), issuer=THEIR_CA)],
        ["tls-interception hints: 443"],
    ),
    (
        "everything is read along, the portal too",
        [script(DEVICE, CERTIFICATE, (443, *HIGH), portal=False, issuer=THEIR_CA)],
        ["tls-interception hints: 443, " + BOTH],
    ),
    (
        "everything is read along, a block page in plain text",
        [script(DEVICE, {80: OTHER, **dict.fromkeys((443, *HIGH), CERTIFICATE)}, issuer=THEIR_CA)],
        ["tls-interception proves: 443, " + BOTH, "web-filter proves: 80"],
    ),
    (
        "somebody answers everywhere, plain text was not tried",
        [replace(script(DEVICE), ports=script(DEVICE, OTHER).ports[1:])],
        ["web-filter hints: 443, " + BOTH],
    ),
    (
        "the script cannot tell, the browser can",
        [script(DEVICE, NO_NAME, (443,)), browser(DEVICE, SILENT, (443,))],
        ["ports-blocked proves: 443"],
    ),
    ("a certificate of nobody's", [script(DEVICE, CERTIFICATE, (443,))], ["web-filter hints: 443"]),
    (
        "one inspected, two filtered",
        [
            replace(
                script(DEVICE, FILTERED, HIGH),
                ports=(
                    *script(DEVICE, CERTIFICATE, (443,), issuer=THEIR_CA).ports[:2],
                    *script(DEVICE, FILTERED, HIGH).ports[2:],
                ),
            )
        ],
        ["tls-interception proves: 443", "ports-blocked proves: " + BOTH],
    ),
    ("a block page", [script(DEVICE, OTHER, (80, 443))], ["web-filter proves: 80, 443"]),
    ("a block page in the office", [script(OFFICE, OTHER, (443,))], ["web-filter hints: 443"]),
    ("a page that a browser can read", [browser(DEVICE, OTHER, (443,))], ["web-filter proves: 443"]),
    (
        "somebody answers the browser's second question",
        [browser(DEVICE, FAILED, (443,), second_look=True)],
        ["web-filter proves: 443"],
    ),
    (
        "somebody answers it at every port but 80",
        [browser(DEVICE, {80: UNKNOWN, 443: FAILED, 59777: FAILED, 59778: FAILED}, second_look=True)],
        ["web-filter hints: 443, " + BOTH],
    ),
    ("somebody answers everywhere, the portal is there", [script(DEVICE, OTHER)], ["web-filter hints: " + ALL]),
    (
        "a page at every port, and no portal",
        [script(WIFI, OTHER, portal=False)],
        ["captive-portal proves: " + ALL],
    ),
    (
        "a page at port 80, the rest closed, and no portal",
        [script(WIFI, {80: OTHER, **dict.fromkeys((443, *HIGH), FILTERED)}, portal=False)],
        ["captive-portal proves: " + ALL],
    ),
    *(
        (
            f"a page at port 80, TLS {how}, and no portal: a filter that knows the portal, too, looks like it",
            [script(DEVICE, {80: OTHER, 443: how, **dict.fromkeys(HIGH, FILTERED)}, portal=False)],
            ["captive-portal hints: " + ALL, "web-filter hints: " + ALL],
        )
        for how in (BROKEN_OFF, REFUSED)
    ),
    (
        "a page somewhere, not at port 80, and no portal",
        [script(WIFI, {443: OTHER, **dict.fromkeys((80, *HIGH), FILTERED)}, portal=False)],
        ["captive-portal hints: " + ALL, "web-filter hints: " + ALL],
    ),
    (
        "the same in the office",
        [script(OFFICE, {80: OTHER, **dict.fromkeys((443, *HIGH), FILTERED)}, portal=False)],
        ["captive-portal hints: " + ALL],
    ),
    (
        "no portal, and a page in spite of ports that work",
        [script(DEVICE, OTHER, (80,), portal=False)],
        ["web-filter proves: 80"],
    ),
    (
        "the proxy would not connect",
        [script(DEVICE, PROXY_REFUSED, HIGH)],
        ["proxy-needed proves: " + BOTH],
    ),
    ("only by the proxy", [script(DEVICE, FILTERED, by_proxy=ECHO)], ["proxy-needed proves: " + ALL]),
    (
        "only by the proxy, in the office",
        [script(OFFICE, FILTERED, by_proxy=ECHO)],
        ["proxy-needed hints: " + ALL],
    ),
    (
        "only by the proxy, which also knows the names",
        [script(DEVICE, NO_NAME, by_proxy=ECHO)],
        ["proxy-needed proves: " + ALL],
    ),
    (
        "only by the proxy, and no portal without it",
        [script(DEVICE, FILTERED, by_proxy=ECHO, portal=False)],
        ["proxy-needed proves: " + ALL],
    ),
    (
        "the way without the proxy ends at a page",
        [script(DEVICE, OTHER, by_proxy=ECHO, portal=False)],
        ["proxy-needed proves: " + ALL],
    ),
    (
        "without the proxy a page at port 80, and silence",
        [
            tries(
                script(DEVICE, {80: OTHER, **dict.fromkeys((443, *HIGH), FILTERED)}, portal=False, by_proxy=OTHER),
                443,
                PROXY_REFUSED,
            )
        ],
        ["proxy-needed proves: 443, " + BOTH, "web-filter proves: 80"],
    ),
    (
        "certificates and no portal, though plain text is no page but silence",
        [script(DEVICE, {80: FILTERED, **dict.fromkeys((443, *HIGH), CERTIFICATE)}, portal=False, issuer=THEIR_CA)],
        ["tls-interception hints: 443, " + BOTH, "ports-blocked hints: 80"],
    ),
    (
        "certificates, no portal, and plain text was not tried",
        [
            replace(
                script(DEVICE, CERTIFICATE, portal=False, issuer=THEIR_CA),
                ports=script(DEVICE, CERTIFICATE, portal=False, issuer=THEIR_CA).ports[1:],
            )
        ],
        ["captive-portal hints: 443, " + BOTH],
    ),
    ("neither we nor the portal", [script(DEVICE, FILTERED, portal=False)], ["no-way-out hints: " + ALL]),
    ("neither of them, refused", [script(DEVICE, REFUSED, portal=False)], ["no-way-out hints: " + ALL]),
    (
        "neither of them, though a browser there reaches the portal",
        [script(DEVICE, REFUSED, portal=False), browser(DEVICE, SILENT, HIGH)],
        ["ports-blocked hints: " + BOTH],
    ),
    (
        "neither of them, though a browser there gets one answer",
        [script(DEVICE, FILTERED, portal=False), browser(DEVICE, FAILED, (80, *HIGH), portal=False)],
        ["ports-blocked hints: 80, " + BOTH],
    ),
    (
        "neither of them by cable, the Wi-Fi is open",
        [script(DEVICE, FILTERED, portal=False), script(WIFI)],
        ["no-way-out hints: " + ALL],
    ),
    *(
        (
            f"nothing works, nor through the proxy: {how}",
            [script(DEVICE, FILTERED, by_proxy=how, portal=False)],
            ["proxy-needed hints: " + ALL],
        )
        for how in (PROXY_REFUSED, OTHER, CERTIFICATE, SILENT)
    ),
    (
        "nothing but the portal works, in a browser that knows the proxy's password",
        [script(DEVICE, FILTERED, by_proxy=PROXY_REFUSED, portal=False), browser(DEVICE)],
        ["proxy-needed hints: " + ALL],
    ),
    (
        "only by the proxy, by which the browser there goes",
        [script(DEVICE, FILTERED, by_proxy=ECHO), browser(DEVICE)],
        ["proxy-needed proves: " + ALL],
    ),
    (
        "only by the proxy in the office, by which its browser goes",
        [script(OFFICE, FILTERED, by_proxy=ECHO), browser(OFFICE), script(DEVICE, FILTERED)],
        ["ports-blocked proves: " + ALL],
    ),
    ("no names at all, perhaps no network", [script(DEVICE, NO_NAME, portal=False)], ["no-way-out hints: " + ALL]),
    ("nothing gets out of the office", [script(OFFICE, FILTERED, portal=False)], ["no-way-out hints: " + ALL]),
    (
        "a reason by cable makes the guess about the Wi-Fi needless",
        [script(DEVICE, NO_NAME), browser(WIFI, FAILED)],
        ["dns-filter proves: " + ALL],
    ),
    (
        "the script says why, the browser does not",
        [browser(DEVICE, FAILED), script(DEVICE, NO_NAME)],
        ["dns-filter proves: " + ALL],
    ),
]

LOST = [
    (
        "the question came, the answer got lost",
        [browser(DEVICE, SILENT, (443,)), saw(443)],
        ["web-filter hints: 443"],
    ),
    (
        "plain TURN came, TLS did not",
        [browser(DEVICE, FAILED, HIGH, turn=Turn.REACHED), saw(*HIGH, turn=True)],
        ["web-filter hints: " + BOTH],
    ),
    (
        "by script, broken off after the question",
        [script(DEVICE, BROKEN_OFF, (443,)), saw(443)],
        ["web-filter hints: 443"],
    ),
    (
        "plain TURN came, as the page says, and our word for it is late",
        [browser(DEVICE, SILENT, HIGH, turn=Turn.REACHED)],
        ["web-filter hints: " + BOTH],
    ),
    (
        "the script was seen from one of two places, and answered at neither",
        [script(OFFICE, NO_ANSWER, HIGH), script(DEVICE, NO_ANSWER, HIGH), saw(*HIGH)],
        ["ports-blocked hints: " + BOTH],
    ),
    (
        "seen at one of two",
        [browser(DEVICE, SILENT, HIGH), saw(59777)],
        ["web-filter hints: 59777", "ports-blocked proves: 59778"],
    ),
    (
        "another test was seen",
        [browser(DEVICE, SILENT, (443,)), saw(443, nonce="nonce-of-another-test-altogether")],
        ["ports-blocked proves: 443"],
    ),
    (
        "the script was seen from its other place",
        [script(OFFICE), script(DEVICE, NO_ANSWER, HIGH), saw(*HIGH)],
        ["segment-blocked proves: " + BOTH],
    ),
    (
        "what never connected was not seen either",
        [script(DEVICE, FILTERED, HIGH), saw(*HIGH)],
        ["ports-blocked proves: " + BOTH],
    ),
]


@pytest.mark.parametrize(
    ("seen", "expected"), [one[1:] for one in CLOSED + REASONS + LOST], ids=[one[0] for one in CLOSED + REASONS + LOST]
)
def test_what_is_theirs(seen: list[object], expected: list[str]) -> None:
    assert said(UP, *seen) == expected


@pytest.mark.parametrize(
    "seen", [one[1] for one in CLOSED + REASONS + LOST], ids=[one[0] for one in CLOSED + REASONS + LOST]
)
def test_nothing_is_proved_unless_our_own_side_was_tried(seen: list[object]) -> None:
    told = said(*seen)
    assert told
    assert not any(" proves:" in one for one in told)


@pytest.mark.parametrize(
    "seen", [one[1] for one in CLOSED + REASONS + LOST], ids=[one[0] for one in CLOSED + REASONS + LOST]
)
def test_nobody_is_accused_while_our_own_test_points_are_down(seen: list[object]) -> None:
    with pytest.raises(Unobserved) as nothing:
        findings(DOWN, *seen)
    assert nothing.value.gap in (Gap.RESPONDER_DOWN, Gap.CANNOT_TEST)


def via(look: NetworkLook, *, portal: str = "", points: str = "") -> NetworkLook:
    """The same, with the addresses that portal and test points saw it come from."""
    seen = tuple(replace(one, source=points if one.echoed else "") for one in look.ports)
    return replace(look, source=portal, ports=seen)


def asleep(look: NetworkLook) -> NetworkLook:
    """The same, but whatever did not answer took ten minutes."""
    slept = tuple(one if one.echoed else replace(one, tries=(Try(one.tries[0].how, 600_000),)) for one in look.ports)
    return replace(look, ports=slept)


EGRESS, NEIGHBOUR, AWAY = "203.0.113.7", "203.0.113.9", "198.51.100.4"
EGRESS_6, NEIGHBOUR_6, AWAY_6 = "2001:db8:1:2::7", "2001:db8:1:ffff::9", "2001:db8:2:2::7"

HEALTHY = [
    ("one of many addresses of the company", [via(browser(DEVICE), portal=NEIGHBOUR, points=EGRESS)]),
    ("another network of the company, by IPv6", [via(browser(DEVICE), portal=NEIGHBOUR_6, points=EGRESS_6)]),
    ("the portal by IPv6, the test point by IPv4", [via(browser(DEVICE), portal=EGRESS_6, points=EGRESS)]),
    ("the script's report took another way", [via(script(DEVICE), portal=AWAY, points=EGRESS)]),
    (
        "browser and script agree from two networks",
        [via(script(DEVICE), points=EGRESS), via(browser(DEVICE), portal=AWAY, points=AWAY)],
    ),
    (
        "opened since, from the same network",
        [via(script(DEVICE, FILTERED, HIGH), points=EGRESS), via(browser(DEVICE), portal=EGRESS, points=NEIGHBOUR)],
    ),
    ("script at the device", [script(DEVICE)]),
    ("browser at the device", [browser(DEVICE)]),
    ("browser on the Wi-Fi", [browser(WIFI)]),
    ("all places, both tools", [tool(place) for tool in (script, browser) for place in Place]),
    ("closed in the office alone", [script(DEVICE), script(OFFICE, FILTERED)]),
    ("closed at home alone", [browser(DEVICE), browser(ELSEWHERE, SILENT)]),
    ("inspected in the office alone", [script(DEVICE), script(OFFICE, CERTIFICATE, issuer=THEIR_CA)]),
    ("opened since", [script(DEVICE, FILTERED, HIGH), script(DEVICE)]),
    ("opened since, seen by the browser", [script(DEVICE, FILTERED, HIGH), browser(DEVICE)]),
    ("open to the script, not to a browser with an odd extension", [script(DEVICE), browser(DEVICE, FAILED)]),
    ("port 80 open by TURN alone", [browser(DEVICE, FAILED, (80,), turn=Turn.REACHED), saw(80, turn=True)]),
    ("a test at home: our name is this machine", [script(DEVICE, address="127.0.0.1")]),
    ("the portal was not reached", [script(DEVICE, portal=False)]),
    ("through a proxy that says so", [tries(script(DEVICE), 443, ECHO)]),
]


STILL_POSSIBLE = {
    "network.wifi-blocked",
    "network.captive-portal",
    "network.proxy-needed",
    "network.tls-interception",
}


@pytest.mark.parametrize("seen", [one[1] for one in HEALTHY], ids=[one[0] for one in HEALTHY])
@pytest.mark.parametrize("ours", [UP, DOWN, None], ids=["our side up", "our side down", "our side not tried"])
def test_a_device_that_gets_through_clears_its_network(seen: list[object], ours: Responders | None) -> None:
    found = findings(*([ours] if ours else []), *seen)
    assert {one.strength.value for one in found} == {"rules_out"}
    assert {one.tag for one in found} | STILL_POSSIBLE == set(TAGS)


def cleared(*seen: object) -> set[str]:
    """Which of those that only some looks clear."""
    return {one.tag.removeprefix("network.") for one in findings(*seen)} & {
        tag.removeprefix("network.") for tag in STILL_POSSIBLE
    }


def test_a_cable_that_is_fine_does_not_clear_the_wifi() -> None:
    assert "wifi-blocked" not in cleared(UP, script(DEVICE))
    assert "wifi-blocked" in cleared(UP, script(DEVICE), browser(WIFI))


def test_who_has_signed_in_does_not_clear_the_sign_in_page() -> None:
    for seen in ([browser(WIFI)], [script(WIFI)], [script(WIFI), script(DEVICE), browser(WIFI)]):
        assert "captive-portal" not in cleared(vouched("Example Trust"), *seen)


def test_only_a_script_clears_proxy_and_interception() -> None:
    trust = vouched("Example Trust")
    assert cleared(trust, browser(DEVICE)) == set()
    assert cleared(trust, script(DEVICE)) == {"proxy-needed", "tls-interception"}
    assert cleared(trust, script(DEVICE), browser(WIFI)) == {"wifi-blocked"}
    # A port that only the browser opened was not opened by the script.
    assert cleared(trust, script(DEVICE, UNKNOWN, (443,)), browser(DEVICE)) == set()


def test_whom_a_script_trusts_clears_interception_only_where_we_know_who_vouches_for_us() -> None:
    assert cleared(UP, script(DEVICE)) == {"proxy-needed"}
    assert cleared(script(DEVICE)) == {"proxy-needed"}
    assert cleared(vouched("Example Trust"), trusting(DEVICE, "")) == {"proxy-needed"}


@pytest.mark.parametrize("seen", [[browser(OFFICE)], [script(OFFICE), browser(ELSEWHERE)]], ids=["office", "and home"])
@pytest.mark.parametrize("ours", [(UP,), (UP, product({})), ()], ids=["up", "product, too", "not tried"])
def test_whoever_has_looked_from_the_office_alone_has_not_looked_from_the_device(
    seen: list[object], ours: tuple[object, ...]
) -> None:
    with pytest.raises(NotAsked):
        findings(*ours, *seen)


@pytest.mark.parametrize(
    "seen",
    [[], [browser(ELSEWHERE)], [browser(ELSEWHERE, SILENT)], [script(ELSEWHERE, NO_NAME)], [saw(443)]],
    ids=["nothing", "open at home", "closed at home", "no name at home", "a sighting, and no report yet"],
)
def test_whoever_has_not_looked_from_the_company_has_not_looked(seen: list[object]) -> None:
    with pytest.raises(NotAsked):
        findings(UP, *seen)


COULD_NOT_TELL = [
    ("the browser was offline", [browser(DEVICE, SILENT, portal=False)]),
    ("an extension was in the way", [browser(DEVICE, FAILED, ms=2)]),
    ("a policy forbids two ports", [browser(DEVICE, FAILED, HIGH, ms=2)]),
    ("a phone was locked in the middle", [browser(WIFI, SILENT, HIGH, ms=600_000)]),
    ("a phone was locked, and then woke up without network", [browser(WIFI, FAILED, HIGH, ms=600_000)]),
    ("the computer slept while the script ran", [asleep(script(DEVICE, FILTERED, HIGH))]),
    ("a VPN leads the browser another way", [via(browser(DEVICE), portal=AWAY, points=EGRESS)]),
    ("a VPN leads it another way, by IPv6", [via(browser(DEVICE), portal=AWAY_6, points=EGRESS_6)]),
    (
        "the script cannot tell, and the browser goes another way",
        [script(DEVICE, UNKNOWN), via(browser(DEVICE), portal=AWAY, points=EGRESS)],
    ),
    ("the tool failed", [script(DEVICE, UNKNOWN)]),
    ("the tool failed at one port", [script(DEVICE, UNKNOWN, (443,))]),
    ("one port now and then", [tries(browser(DEVICE), 443, ECHO, SILENT)]),
    (
        "every port now and then",
        [
            replace(
                browser(DEVICE),
                ports=tuple(replace(one, tries=(Try(ECHO, FAST), Try(FAILED, FAST))) for one in browser(DEVICE).ports),
            )
        ],
    ),
    (
        "now and then by browser, closed by script",
        [tries(browser(DEVICE), 443, ECHO, SILENT), script(DEVICE, FILTERED, (443,))],
    ),
    (
        "now and then at the device, closed in the office",
        [tries(script(DEVICE), 443, ECHO, FILTERED), script(OFFICE, FILTERED, (443,))],
    ),
    ("Firefox, which has no way to port 80", [browser(DEVICE, FAILED, (80,))]),
    ("at 80 TLS is turned away and TURN is lost", [browser(DEVICE, FAILED, (80,), turn=Turn.SILENT)]),
    ("a plain-text proxy turns TLS and TURN away at 80", [browser(DEVICE, FAILED, (80,), turn=Turn.FAILED)]),
    ("our own answer was hard to read", [browser(DEVICE, FAILED, (443,), second_look=True), saw(443)]),
    ("every one of our answers was", [browser(DEVICE, FAILED, second_look=True), saw(*PORTS)]),
    ("the name was found at another port", [script(DEVICE, NO_NAME, (443,))]),
    ("DNS was slow at first", [script(DEVICE, DNS_SILENT, (80,))]),
    ("that machine trusts nobody", [script(DEVICE, CERTIFICATE, (443, *HIGH), portal=False)]),
    (
        "that machine trusts not even ours",
        [script(DEVICE, CERTIFICATE, (443, *HIGH), issuer=OUR_CA), product({}, "Example Trust")],
    ),
    (
        "our error page, by our certificate",
        [script(DEVICE, OTHER, (443,), issuer=OUR_CA), product({}, "Example Trust")],
    ),
    ("the device's place failed, the office is fine", [script(DEVICE, UNKNOWN), browser(OFFICE)]),
    ("the newest of two could not test", [script(DEVICE), script(DEVICE, UNKNOWN)]),
    ("not every port was tried", [replace(script(DEVICE), ports=script(DEVICE).ports[:2])]),
    ("not every port was tried in the office", [replace(script(OFFICE), ports=script(OFFICE).ports[:2])]),
    ("by cable fine, by Wi-Fi nobody knows", [script(DEVICE), browser(WIFI, SILENT, portal=False)]),
]


@pytest.mark.parametrize("seen", [one[1] for one in COULD_NOT_TELL], ids=[one[0] for one in COULD_NOT_TELL])
def test_unknown_is_neither_fine_nor_a_fault(seen: list[object]) -> None:
    with pytest.raises(Unobserved) as nothing:
        findings(UP, *seen)
    assert nothing.value.gap is Gap.CANNOT_TEST


OURS = [
    ("our test point is down", [DOWN, script(DEVICE, REFUSED)]),
    ("our test point is down, seen from the office", [DOWN, browser(OFFICE, FAILED)]),
    ("two of its ports are", [HIGH_DOWN, script(DEVICE, FILTERED, HIGH)]),
    ("the responder has no such port", [Responders(UP.ports[:3]), script(DEVICE, FILTERED, (59778,))]),
]


@pytest.mark.parametrize("seen", [one[1] for one in OURS], ids=[one[0] for one in OURS])
def test_our_own_fault_is_never_theirs(seen: list[object]) -> None:
    with pytest.raises(Unobserved) as nothing:
        findings(*seen)
    assert nothing.value.gap is Gap.RESPONDER_DOWN


def test_what_could_not_be_tested_for_two_reasons_is_not_put_down_to_us_alone() -> None:
    with pytest.raises(Unobserved) as nothing:
        findings(HIGH_DOWN, script(DEVICE, {443: UNKNOWN, 59777: FILTERED, 59778: FILTERED}))
    assert nothing.value.gap is Gap.CANNOT_TEST


def test_what_is_theirs_is_told_beside_what_is_ours() -> None:
    assert said(HIGH_DOWN, script(DEVICE, FILTERED, (443, *HIGH))) == ["ports-blocked proves: 443"]
    ours = product({59777: ConnectOutcome.FILTERED})
    assert said(UP, script(DEVICE, FILTERED, HIGH), ours) == ["ports-blocked proves: 59778"]


def test_a_port_that_is_down_at_the_product_is_theirs_at_most_perhaps() -> None:
    ours = product({59777: ConnectOutcome.REFUSED})
    assert said(UP, script(DEVICE, FILTERED, (59777,)), ours) == ["ports-blocked hints: 59777"]
    assert said(UP, script(DEVICE, FILTERED, (59777,)), script(OFFICE), ours) == ["segment-blocked hints: 59777"]
    # What has nothing to do with the port is as sure as ever.
    assert said(UP, script(DEVICE, NO_NAME), ours) == ["dns-filter proves: " + ALL]


@pytest.mark.parametrize("outcome", [ConnectOutcome.OPEN, ConnectOutcome.REFUSED])
def test_a_port_of_the_product_that_no_test_point_stands_for_is_not_claimed_to_be_open(outcome: ConnectOutcome) -> None:
    three = Responders(UP.ports[:3])
    look = replace(script(DEVICE), ports=script(DEVICE).ports[:3])
    assert findings(three, look)
    with pytest.raises(Unobserved) as nothing:
        findings(three, look, product({59778: outcome}))
    assert nothing.value.gap is Gap.CANNOT_TEST
    assert findings(UP, script(DEVICE), product({59778: outcome}))


def test_a_test_point_that_was_not_looked_at_is_not_claimed_to_be_open() -> None:
    both = Responders((*UP.ports, *(replace(one, host="check2.example.net") for one in UP.ports)))
    with pytest.raises(Unobserved) as nothing:
        findings(both, script(DEVICE))
    assert nothing.value.gap is Gap.CANNOT_TEST


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (
            [via(browser(WIFI), portal=AWAY, points="198.18.0.9"), via(script(WIFI, FILTERED, HIGH), points=EGRESS)],
            ["ports-blocked proves: " + BOTH],
        ),
        (
            [via(browser(DEVICE), portal=AWAY, points=AWAY), via(script(DEVICE, FILTERED, HIGH), points=EGRESS)],
            ["ports-blocked hints: " + BOTH],
        ),
        (
            [via(browser(DEVICE), portal=AWAY, points=AWAY), via(script(DEVICE, FILTERED), portal=EGRESS)],
            ["ports-blocked hints: " + ALL],
        ),
        (
            [via(browser(WIFI, SILENT, HIGH), portal=AWAY, points=EGRESS)],
            ["ports-blocked hints: " + BOTH],
        ),
        (
            [via(script(DEVICE, FILTERED, HIGH), points=EGRESS), via(browser(OFFICE), portal=AWAY, points=AWAY)],
            ["segment-blocked hints: " + BOTH],
        ),
        (
            [via(script(DEVICE, FILTERED, HIGH), points=EGRESS), via(browser(OFFICE), portal=EGRESS, points=AWAY)],
            ["ports-blocked proves: " + BOTH],
        ),
        (
            [via(script(DEVICE, FILTERED, HIGH), points=EGRESS), via(browser(OFFICE), portal=EGRESS, points=NEIGHBOUR)],
            ["segment-blocked proves: " + BOTH],
        ),
        (
            [via(script(WIFI, FILTERED, HIGH), points=EGRESS), via(browser(DEVICE), portal=AWAY, points=AWAY)],
            ["wifi-blocked hints: " + BOTH],
        ),
        (
            [via(script(WIFI, FILTERED, HIGH), points=EGRESS), via(browser(DEVICE), portal=EGRESS, points=AWAY)],
            ["ports-blocked proves: " + BOTH],
        ),
    ],
    ids=[
        "a phone on its mobile network",
        "two looks of one place",
        "two looks of one place, of which one saw nothing open",
        "closed to a browser that goes another way",
        "another office",
        "an office's browser that goes another way",
        "the same office",
        "by cable from another network",
        "by cable another way",
    ],
)
def test_what_is_open_to_another_network_is_not_open_to_the_device(seen: list[object], expected: list[str]) -> None:
    assert said(UP, *seen) == expected


@pytest.mark.parametrize(
    ("portal", "points", "another"),
    [
        (AWAY, EGRESS, True),
        (AWAY_6, EGRESS_6, True),
        (NEIGHBOUR, EGRESS, False),
        (NEIGHBOUR_6, EGRESS_6, False),
        ("2001:db8:2::/64", EGRESS_6, True),
        ("2001:db8:1:ffff::/64", EGRESS_6, False),
        ("::ffff:203.0.113.200", EGRESS, False),
        ("::ffff:198.51.100.4", EGRESS, True),
        (EGRESS, EGRESS_6, False),
        ("", EGRESS, False),
        (AWAY, "", False),
        ("nowhere", "at all", False),
    ],
)
def test_a_browser_goes_another_way_where_two_of_us_see_it_in_two_networks(
    portal: str, points: str, another: bool
) -> None:
    assert goes_another_way(via(browser(DEVICE), portal=portal, points=points)) is another
    assert not goes_another_way(via(script(DEVICE), portal=portal, points=points))


def test_a_browser_that_one_of_us_sees_where_the_portal_does_goes_its_ordinary_way() -> None:
    look = via(browser(DEVICE), portal=EGRESS, points=AWAY)
    both = replace(look, ports=(replace(look.ports[0], source=NEIGHBOUR), *look.ports[1:]))
    assert not goes_another_way(both)


@pytest.mark.parametrize(
    "issuer",
    [
        "CN=Avast Web/Mail Shield Root, O=Avast Web/Mail Shield",
        "O = Zscaler Inc., CN = Zscaler Intermediate Root CA",
        "CN=ca.example.netskope.com",
        "O=Cisco, CN=Cisco Umbrella Root CA",
        "CN=Trend Micro Root",
    ],
)
@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "not trusted"])
def test_what_may_be_the_computer_s_own_antivirus_is_no_proof_against_the_network(issuer: str, trusted: bool) -> None:
    look = trusting(DEVICE, issuer) if trusted else script(DEVICE, CERTIFICATE, (443, *HIGH), issuer=issuer)
    assert said(vouched("Example Trust"), look) == ["tls-interception hints: 443, " + BOTH]


@pytest.mark.parametrize("issuer", ["CN=Reset Corp Inspection", "O=Avgas Ltd", "CN=Umbrella Makers Firewall"])
def test_only_whole_words_name_a_program(issuer: str) -> None:
    look = trusting(DEVICE, issuer)
    assert said(vouched("Example Trust"), look) == ["tls-interception proves: 443, " + BOTH]


def found_at(*addresses: str, host: str = HOST) -> Responders:
    """Our test point up, at these addresses, one port after the other."""
    return Responders(
        tuple(
            replace(one, host=host, address=addresses[number % len(addresses)]) for number, one in enumerate(UP.ports)
        )
    )


SINKHOLE = {80: OTHER, 443: CERTIFICATE, 59777: FILTERED, 59778: FILTERED}


@pytest.mark.parametrize(
    ("ours", "seen", "expected"),
    [
        (
            found_at("192.0.2.80"),
            script(DEVICE, SINKHOLE, address="198.51.100.61", issuer=THEIR_CA),
            ["dns-filter hints: " + ALL],
        ),
        (
            found_at("192.0.2.80", "198.51.100.61"),
            script(DEVICE, FILTERED, address="198.51.100.61"),
            ["ports-blocked proves: " + ALL],
        ),
        (found_at("192.0.2.80"), script(DEVICE, FILTERED), ["ports-blocked proves: " + ALL]),
        (
            found_at("2001:db8::80"),
            script(DEVICE, FILTERED, address="198.51.100.61"),
            ["ports-blocked proves: " + ALL],
        ),
        (
            found_at("192.0.2.80"),
            replace(
                script(DEVICE, FILTERED, HIGH),
                ports=tuple(
                    replace(one, address="198.51.100.61" if one.port in HIGH else ADDRESS)
                    for one in script(DEVICE, FILTERED, HIGH).ports
                ),
            ),
            ["ports-blocked proves: " + BOTH],
        ),
        (
            found_at("192.0.2.80"),
            replace(
                script(DEVICE, FILTERED, HIGH),
                ports=tuple(replace(one, address="198.51.100.61") for one in script(DEVICE, FILTERED, HIGH).ports),
            ),
            ["ports-blocked proves: " + BOTH],
        ),
        (
            found_at("192.0.2.80"),
            script(DEVICE, FILTERED, address=""),
            ["ports-blocked proves: " + ALL],
        ),
    ],
    ids=[
        "a sinkhole",
        "another address of ours",
        "ours",
        "of the other family",
        "at two places",
        "ours after all: it answered there",
        "not told",
    ],
)
def test_a_name_that_leads_elsewhere_for_every_port_may_be_a_sinkhole(
    ours: Responders, seen: ScriptLook, expected: list[str]
) -> None:
    assert said(ours, seen) == expected


def test_heard_and_seen_at_two_hosts_is_no_proof_of_a_closed_port() -> None:
    look = browser(DEVICE, SILENT, HIGH, turn=Turn.REACHED)
    twin = tuple(replace(one, host="check2.example.net") for one in look.ports)
    both = Responders((*UP.ports, *(replace(one, host="check2.example.net") for one in UP.ports)))
    told = (saw(*HIGH, turn=True), saw(*HIGH))
    assert said(both, replace(look, ports=(*look.ports, *twin)), told[0]) == ["web-filter hints: " + BOTH]
    silent = replace(look, ports=tuple(replace(one, turn=Turn.SILENT) for one in (*look.ports, *twin)))
    assert said(both, silent, told[1]) == ["ports-blocked hints: " + BOTH]
    # Our answer from one of them says which one it was that was seen.
    answered = replace(silent, ports=(*browser(DEVICE).ports, *silent.ports[4:]))
    assert said(both, answered, told[1]) == ["ports-blocked proves: " + BOTH]


def test_a_host_of_the_product_that_could_not_be_looked_up_clears_nobody() -> None:
    unknown = product({59777: ConnectOutcome.DNS_UNANSWERED})
    assert said(UP, script(DEVICE, FILTERED, HIGH), unknown) == ["ports-blocked proves: " + BOTH]


def test_one_of_two_hosts_that_is_up_leaves_a_closed_port_theirs() -> None:
    ours = ServerPorts(
        (
            Connection("clock.example.net", 59777, ConnectOutcome.REFUSED),
            Connection("spare.example.net", 59777, ConnectOutcome.OPEN),
        )
    )
    assert said(UP, script(DEVICE, FILTERED, (59777,)), ours) == ["ports-blocked proves: 59777"]


def test_another_host_s_open_port_does_not_make_a_browser_s_word_sure() -> None:
    look = browser(DEVICE, SILENT, (443, *HIGH))
    spare = replace(look.ports[1], host="check2.example.net", tries=(Try(ECHO, FAST),) * 2)
    closed = BrowserLook(NONCE, DEVICE, (*look.ports[1:], spare))
    both = Responders((*UP.ports[1:], ResponderPort("check2.example.net", 443, ConnectOutcome.OPEN, True)))
    assert said(both, closed) == ["ports-blocked hints: 443, " + BOTH]


def test_a_port_that_worked_for_them_is_up_whatever_our_server_says() -> None:
    wavers = tries(browser(DEVICE), 59777, ECHO, SILENT)
    assert said(HIGH_DOWN, wavers, script(WIFI, FILTERED, (443,))) == ["wifi-blocked proves: 443"]
    with pytest.raises(Unobserved) as nothing:
        findings(HIGH_DOWN, wavers)
    assert nothing.value.gap is Gap.CANNOT_TEST


def test_a_sighting_that_may_be_of_another_host_is_told_of_none() -> None:
    look = browser(DEVICE, SILENT, (443,))
    twin = replace(look.ports[1], host="check2.example.net")
    both = Responders((*UP.ports, ResponderPort("check2.example.net", 443, ConnectOutcome.OPEN, True)))
    (finding,) = findings(both, replace(look, ports=(*look.ports, twin)), saw(443))
    assert (finding.tag, finding.facts.get("seen")) == ("network.ports-blocked", None)


def test_an_address_at_which_we_answer_is_ours_wherever_it_is() -> None:
    here = replace(script(DEVICE).ports[1], address="127.0.0.1")
    shut = replace(script(DEVICE, REFUSED).ports[2], address="127.0.0.1")
    assert said(UP, ScriptLook(NONCE, DEVICE, (here, shut))) == ["ports-blocked proves: 59777"]


def test_where_nothing_else_is_known_to_work_a_missing_name_is_no_filter() -> None:
    unnamed = script(DEVICE, NO_NAME).ports[1]
    strange = replace(script(DEVICE, NO_ANSWER).ports[2], host="check2.example.net")
    both = Responders((*UP.ports, ResponderPort("check2.example.net", 59777, ConnectOutcome.OPEN, True)))
    look = ScriptLook(NONCE, DEVICE, (unnamed, strange), portal_reached=False)
    assert said(both, look) == ["ports-blocked hints: 59777"]


def test_the_facts_are_those_that_it_needs() -> None:
    (closed,) = findings(UP, script(DEVICE, FILTERED, HIGH), browser(WIFI, SILENT, HIGH), browser(ELSEWHERE))
    assert closed.facts == {"host": HOST, "ports": BOTH, "places": "device, wifi", "address": ADDRESS}
    (read,) = findings(UP, script(DEVICE, CERTIFICATE, (443,), issuer=THEIR_CA))
    assert (read.facts["issuer"], read.facts["address"]) == (THEIR_CA, ADDRESS)
    (led,) = findings(UP, script(DEVICE, REFUSED, address="10.1.2.3"))
    assert led.facts["address"] == "10.1.2.3"
    (lost,) = findings(UP, browser(DEVICE, SILENT, (443,)), saw(443))
    assert lost.facts["seen"] == "443"
    (cut,) = findings(UP, script(DEVICE, {443: BROKEN_OFF}))
    assert (cut.tag, cut.facts["broken_off"]) == ("network.web-filter", "443")
    proxy = script(DEVICE, FILTERED, by_proxy=ECHO)
    one = replace(proxy.ports[3], by_proxy=PROXY_REFUSED)
    (through,) = findings(UP, replace(proxy, ports=(*proxy.ports[:3], one)))
    assert (through.facts["ports"], through.facts["by_proxy"]) == (ALL, "80, 443, 59777")


@pytest.mark.parametrize("tag", TAGS)
def test_a_remedy_has_a_place_for_every_fact_that_it_gets(tag: str) -> None:
    wanted = {"host", "ports", "places"}
    assert wanted <= set(remedies()[tag].facts)


def test_the_question_leaves_the_mail_s_verdict_alone() -> None:
    causes = {tag: one.cause for tag, one in remedies().items()}
    for seen, status in (
        ([script(DEVICE, UNKNOWN)], Status.COULD_NOT_CHECK),
        ([], Status.NOT_CHECKED),
        ([script(DEVICE)], Status.FINE),
        ([script(DEVICE, FILTERED)], Status.PROBLEM),
    ):
        evidence = Evidence(Seen(type(what), Vantage.SCRIPT, AT, what) for what in (UP, *seen))
        answer = diagnose(evidence, causes=causes).answer("network")
        assert answer is not None
        assert answer.status is status
    (check,) = (one for one in registry.checks() if one.question == "network")
    assert not check.decides


def vouched(issuer: str) -> Responders:
    return Responders(tuple(replace(one, issuer=issuer) for one in UP.ports))


def trusting(place: Place, issuer: str) -> ScriptLook:
    """Every port open, with certificates that this machine trusts."""
    look = script(place)
    return replace(look, ports=tuple(replace(one, issuer=one.issuer and issuer) for one in look.ports))


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ([trusting(DEVICE, THEIR_CA)], ["tls-interception proves: 443, " + BOTH]),
        ([trusting(OFFICE, THEIR_CA)], ["tls-interception hints: 443, " + BOTH]),
        ([trusting(DEVICE, THEIR_CA), browser(DEVICE)], ["tls-interception proves: 443, " + BOTH]),
        ([trusting(DEVICE, OUR_CA)], []),
        ([trusting(DEVICE, "")], []),
    ],
    ids=["at the device", "in the office", "and a browser", "ours", "not told"],
)
def test_our_answer_under_a_foreign_certificate_was_opened_on_the_way(seen: list[object], expected: list[str]) -> None:
    assert said(vouched("Example Trust"), *seen) == expected


def test_whose_certificate_is_foreign_is_told_only_where_ours_is_known() -> None:
    assert said(UP, product({}, "Another Trust"), trusting(DEVICE, THEIR_CA)) == []
    assert said(trusting(DEVICE, THEIR_CA)) == []


def test_a_browser_that_trusts_the_inspection_does_not_make_it_fine() -> None:
    """The classic: the page works, the device hangs up."""
    told = script(DEVICE, CERTIFICATE, (443, *HIGH), issuer=THEIR_CA)
    assert said(UP, told, browser(DEVICE)) == ["tls-interception proves: 443, " + BOTH]
    elsewhere = replace(browser(DEVICE), source="203.0.113.7")
    assert said(UP, replace(told, source="198.51.100.7"), elsewhere) == ["tls-interception hints: 443, " + BOTH]
