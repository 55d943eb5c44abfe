"""What a browser, or the check script, saw of our port responders from within the customer's network. Reported.

Tries are what happened there; that an answer was ours is what our server verified, never the page's or script's word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network

from diagnostics.domain import Vantage
from diagnostics.registry import reported

FAST_MS = 3_000
"""A failure within this time was an answer of somebody: Windows alone takes 1 to 2 s over a reset."""
IMPOSSIBLY_FAST_MS = 5
"""No network fails this soon; a browser's extension or policy does."""
ASLEEP_MS = 30_000
"""Page and script give up long before: whatever took longer was a computer that slept, or a phone in a pocket."""
SITE = {4: 24, 6: 48}
"""Length of the prefix, by version of IP, within which addresses are one and the same way out of a network."""

RESTRICTED_PORTS = frozenset(
    {
        *(0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104),
        *(109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526),
        *(
            530,
            531,
            532,
            540,
            548,
            554,
            556,
            563,
            587,
            601,
            636,
            989,
            990,
            993,
            995,
            1719,
            1720,
            1723,
            2049,
            3659,
            4045,
        ),
        *(4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080),
    }
)
"""Ports that browsers never connect to (the Fetch standard, section 2.9, "port blocking")."""


class Place(StrEnum):
    """Where in the customer's network one looked from, as the customer said."""

    DEVICE = "device"
    """The device's own socket: the cable that it is, or will be, plugged into."""
    WIFI = "wifi"
    """The Wi-Fi that the device uses."""
    OFFICE = "office"
    """Another network of the same company."""
    ELSEWHERE = "elsewhere"
    """At home, on a mobile network: somewhere else altogether."""

    @property
    def of_the_device(self) -> bool:
        return self in (Place.DEVICE, Place.WIFI)

    @property
    def of_the_company(self) -> bool:
        return self is not Place.ELSEWHERE


class How(StrEnum):
    """How one try of one port ended. A browser tells the first four apart only."""

    ECHO = "echo"
    """Our own answer, its signature verified by our server."""
    OTHER = "other"
    """An answer, but not ours."""
    FAILED = "failed"
    """The browser gave up and does not say why."""
    SILENT = "silent"
    """Nothing within the time limit; the browser does not say at which step."""
    NO_NAME = "no_name"
    """DNS says that the name does not exist, or refuses it."""
    DNS_SILENT = "dns_silent"
    REFUSED = "refused"
    """A TCP reset or an ICMP refusal."""
    FILTERED = "filtered"
    """TCP never connected."""
    NO_ANSWER = "no_answer"
    """TCP connected, then nothing."""
    BROKEN_OFF = "broken_off"
    """TCP connected, then closed, reset, or spoken to in another protocol."""
    CERTIFICATE = "certificate"
    """TLS, with a certificate that is not ours."""
    PROXY_REFUSED = "proxy_refused"
    """The network's proxy would not connect."""
    UNKNOWN = "unknown"
    """The tool failed in a way that says nothing about the network."""


FAST = frozenset({How.NO_NAME, How.REFUSED, How.BROKEN_OFF, How.PROXY_REFUSED})
SLOW = frozenset({How.SILENT, How.DNS_SILENT, How.FILTERED, How.NO_ANSWER})
WAITED = SLOW | {How.FAILED}
"""Ways for a try to end that a clock has a part in."""


class Turn(StrEnum):
    """What came of knocking with TURN over plain TCP, which passes where only TLS is turned away."""

    UNTRIED = "untried"
    REACHED = "reached"
    """The page heard our refusal. It counts once our responder says that it saw the nonce."""
    FAILED = "failed"
    SILENT = "silent"


class PortState(StrEnum):
    """One port as seen from one place."""

    OPEN = "open"
    ANSWERED_BY_OTHER = "answered_by_other"
    BLOCKED_FAST = "blocked_fast"
    BLOCKED_SILENT = "blocked_silent"
    CANNOT_TEST = "cannot_test"
    FLAKY = "flaky"


BLOCKED = frozenset({PortState.ANSWERED_BY_OTHER, PortState.BLOCKED_FAST, PortState.BLOCKED_SILENT})


@dataclass(frozen=True, slots=True)
class Try:
    how: How
    ms: int = 0


@dataclass(frozen=True, slots=True)
class PortLook:
    """One port of one responder. `second_look`: somebody answered HTTP over valid TLS, whoever it was (no-cors).

    From our echo: `source` is the address that the customer's network shows us, `via` what a proxy wrote. From the
    script: `address` is what the name led to, `issuer` who signed the certificate that was shown, ours too.
    """

    host: str
    port: int
    tries: tuple[Try, ...] = ()
    second_look: bool | None = None
    turn: Turn = Turn.UNTRIED
    source: str = ""
    via: str = ""
    address: str = ""
    issuer: str = ""
    by_proxy: How | None = None
    """The same once more through the proxy that the machine is told to use; None where it is told of none."""

    @property
    def hows(self) -> frozenset[How]:
        return frozenset(one.how for one in self.tries)

    @property
    def echoed(self) -> bool:
        return How.ECHO in self.hows

    @property
    def impossibly_fast(self) -> bool:
        """Every try failed sooner than any network can make it fail."""
        return bool(self.tries) and all(one.how is How.FAILED and one.ms < IMPOSSIBLY_FAST_MS for one in self.tries)

    @property
    def slept_through(self) -> bool:
        """A try waited for longer than anybody waits who is awake."""
        return any(one.how in WAITED and one.ms > ASLEEP_MS for one in self.tries)


@dataclass(frozen=True, slots=True)
class NetworkLook:
    """One test from one place. `nonce` is what it calls itself towards responders.

    `portal_reached` is the control: whether this very portal answered there. `source` is the address that the report
    came to us from; empty where it was pasted in elsewhere. `skew_ms` is how far that machine's clock is ahead of ours,
    within `skew_within_ms`; None where it was not measured.
    """

    nonce: str
    place: Place
    ports: tuple[PortLook, ...]
    portal_reached: bool = True
    source: str = ""
    skew_ms: int | None = None
    skew_within_ms: int = 0

    @property
    def sources(self) -> tuple[str, ...]:
        """The addresses that responders saw the test come from; sorted."""
        return tuple(sorted({port.source for port in self.ports if port.source}))


@reported(vantage=Vantage.BROWSER)
@dataclass(frozen=True, slots=True)
class BrowserLook(NetworkLook):
    """One test by a page of ours in the customer's browser."""


@reported(vantage=Vantage.SCRIPT)
@dataclass(frozen=True, slots=True)
class ScriptLook(NetworkLook):
    """One run of the check script."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A responder saw the test at this port, by plain TURN or else by HTTP; the answer may have got lost."""

    port: int
    turn: bool
    source: str = ""


@reported(vantage=Vantage.SERVER)
@dataclass(frozen=True, slots=True)
class Sightings:
    """What our responders saw of one test; more may follow."""

    nonce: str
    seen: tuple[Sighting, ...]


Site = IPv4Network | IPv6Network
"""The part of the internet that a network's way out is in, as wide as `SITE`."""


def sites(addresses: Iterable[str]) -> frozenset[Site]:
    """Where these addresses, or networks, are; what is neither is left out."""
    return frozenset(site for one in addresses if (site := _site(one)))


def _site(address: str) -> Site | None:
    try:
        network = ip_network(address, strict=False)
    except ValueError:
        return None
    if isinstance(network, IPv6Network) and network.prefixlen == network.max_prefixlen:
        mapped = network.network_address.ipv4_mapped
        network = IPv4Network(mapped) if mapped else network
    return network.supernet(new_prefix=min(network.prefixlen, SITE[network.version]))


def apart(some: Iterable[Site], others: Iterable[Site]) -> bool:
    """Whether they are in different networks; compared within IPv4 or IPv6 only, as to have both is ordinary."""
    pairs = [(one, other) for one in some for other in others if one.version == other.version]
    return bool(pairs) and not any(one == other for one, other in pairs)


def goes_another_way(look: NetworkLook) -> bool:
    """Whether responders saw the page come from another network than this portal did.

    A VPN, a private relay or a cloud proxy then leads that browser's connections, not the way that a device goes.
    A script asks responders directly; only its report may take a proxy, so nothing follows for it.
    """
    return isinstance(look, BrowserLook) and apart(sites([look.source]), sites(look.sources))


def seen_of(look: NetworkLook, sightings: Iterable[Sightings]) -> Iterator[Sighting]:
    """What our responders saw of this very test."""
    for one in sightings:
        if one.nonce == look.nonce:
            yield from one.seen


def state_of(look: NetworkLook, port: PortLook, sightings: Iterable[Sightings] = ()) -> PortState:
    """The port as seen from that place.

    Port 80 carries plain text: TLS on it proves the way when it works, and nothing when it fails. A proxy for plain
    text turns TURN away as well, and lets a device through; only silence to both is a closed port.
    """
    hows = port.hows
    if hows == {How.ECHO}:
        return PortState.OPEN
    if How.ECHO in hows:
        return PortState.FLAKY
    if port.port == 80 and sum(one.port == 80 for one in look.ports) == 1:
        # Of one host alone: a sighting does not tell which one it was at.
        if any(one.port == 80 and one.turn for one in seen_of(look, sightings)):
            return PortState.OPEN
        if port.turn is Turn.REACHED:
            return PortState.CANNOT_TEST
    browsers = How.FAILED in hows or How.SILENT in hows
    untold = browsers and (not look.portal_reached or port.port in RESTRICTED_PORTS)
    if not hows or How.UNKNOWN in hows or port.impossibly_fast or untold:
        return PortState.CANNOT_TEST
    if port.second_look or How.OTHER in hows or How.CERTIFICATE in hows:
        return PortState.ANSWERED_BY_OTHER
    if port.slept_through:
        return PortState.CANNOT_TEST
    if port.port == 80 and browsers and not (port.turn is Turn.SILENT and hows == {How.SILENT}):
        return PortState.CANNOT_TEST
    fast = all(one.how in FAST or (one.how is How.FAILED and one.ms < FAST_MS) for one in port.tries)
    return PortState.BLOCKED_FAST if fast else PortState.BLOCKED_SILENT
