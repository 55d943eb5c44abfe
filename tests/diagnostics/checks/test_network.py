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
    ("taken and broken off", [script(DEVICE, BROKEN_OFF, HIGH)], ["ports-blocked proves: " + BOTH]),
    ("filtered on its Wi-Fi", [script(WIFI, FILTERED, HIGH)], ["ports-blocked proves: " + BOTH]),
    ("filtered in the office", [script(OFFICE, FILTERED, HIGH)], ["ports-blocked hints: " + BOTH]),
    ("all filtered, portal reached", [script(DEVICE, FILTERED)], ["ports-blocked proves: " + ALL]),
    (
        "the portal is blocked as well",
        [script(DEVICE, FILTERED, HIGH, portal=False)],
        ["ports-blocked proves: " + BOTH],
    ),
    ("silent to a browser at the device", [browser(DEVICE, SILENT, HIGH)], ["ports-blocked proves: " + BOTH]),
    ("turned away at once there", [browser(DEVICE, FAILED, HIGH)], ["ports-blocked proves: " + BOTH]),
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
        for address in ("0.0.0.0", "127.0.0.1", "10.1.2.3", "192.168.1.1", "::", "::1", "fd00::1", "::ffff:10.0.0.1")  # noqa: S104
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
        [script(DEVICE, NO_NAME, (443,)), browser(DEVICE, FAILED, (443,))],
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
    ("somebody answers everywhere, the portal is there", [script(DEVICE, OTHER)], ["captive-portal hints: " + ALL]),
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
    ("nothing gets out", [script(DEVICE, FILTERED, portal=False)], ["no-way-out proves: " + ALL]),
    ("nothing gets out, refused", [script(DEVICE, REFUSED, portal=False)], ["no-way-out proves: " + ALL]),
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


HEALTHY = [
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


@pytest.mark.parametrize("seen", [one[1] for one in HEALTHY], ids=[one[0] for one in HEALTHY])
@pytest.mark.parametrize("ours", [UP, DOWN, None], ids=["our side up", "our side down", "our side not tried"])
def test_a_device_that_gets_through_clears_its_network(seen: list[object], ours: Responders | None) -> None:
    found = findings(*([ours] if ours else []), *seen)
    assert {one.strength.value for one in found} == {"rules_out"}
    assert {one.tag for one in found} | {"network.wifi-blocked"} == set(TAGS)


def test_a_cable_that_is_fine_does_not_clear_the_wifi() -> None:
    assert "network.wifi-blocked" not in {one.tag for one in findings(UP, script(DEVICE))}
    assert "network.wifi-blocked" in {one.tag for one in findings(UP, script(DEVICE), browser(WIFI))}


def test_the_office_says_nothing_against_the_network_and_nothing_for_the_device() -> None:
    assert findings(UP, browser(OFFICE)) == []
    assert findings(UP, script(OFFICE), browser(ELSEWHERE)) == []


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
    (
        "the product's own port is down",
        [UP, script(DEVICE, FILTERED, (59777,)), product({59777: ConnectOutcome.REFUSED})],
    ),
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
