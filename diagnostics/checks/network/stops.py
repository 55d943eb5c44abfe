"""What stops the ports of one look, as far as that look alone can tell. What it cannot tell stays unknown."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from diagnostics.probes.network_look import BLOCKED, How, NetworkLook, PortLook, PortState, ScriptLook, Turn

NO_WAY_OUT = "network.no-way-out"
CAPTIVE_PORTAL = "network.captive-portal"
PROXY_NEEDED = "network.proxy-needed"
DNS_FILTER = "network.dns-filter"
TLS_INTERCEPTION = "network.tls-interception"
WEB_FILTER = "network.web-filter"

PLAIN = 80
"""The port of plain text, where a sign-in page waits for browsers."""
UNNAMED = frozenset({How.NO_NAME, How.DNS_SILENT})
CUT_OFF = UNNAMED | {How.REFUSED, How.FILTERED}
"""Ways for nothing at all to come through."""
NOT_LET_OUT = CUT_OFF | {How.NO_ANSWER, How.BROKEN_OFF, How.PROXY_REFUSED}
PERHAPS_LOST = frozenset({How.FAILED, How.SILENT, How.NO_ANSWER, How.BROKEN_OFF})
"""Ways for a try to end of which our responder may have seen the question."""
NOWHERE = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "::/127",
        "fc00::/7",
        "fe80::/10",
    )
)
"""Where no public name leads, unless somebody bent it. VPN programs make names up in other special networks."""


@dataclass(frozen=True, slots=True)
class Stop:
    """`tag` names the cause; empty where the port is just closed, and the places must tell who closed it.

    `sure` where nothing else looks like it.
    """

    tag: str = ""
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """One look, each of its ports with its state.

    As our server sees them: `issuers` vouch for our own hosts, and `vouching` for the test points.
    """

    look: NetworkLook
    ports: tuple[tuple[PortLook, PortState], ...]
    issuers: Collection[str] = ()
    vouching: Collection[str] = ()

    @property
    def by_script(self) -> bool:
        return isinstance(self.look, ScriptLook)

    @property
    def blocked(self) -> tuple[PortLook, ...]:
        return tuple(port for port, state in self.ports if state in BLOCKED)

    @property
    def echoed(self) -> tuple[PortLook, ...]:
        return tuple(port for port, _ in self.ports if port.echoed)

    @property
    def plain(self) -> tuple[PortState, ...]:
        """What came of the port of plain text, at each host."""
        return tuple(state for port, state in self.ports if port.port == PLAIN)

    @property
    def answered_everywhere(self) -> bool:
        """Every port is answered by somebody else, who shows no certificate of his own."""
        answered = all(state is PortState.ANSWERED_BY_OTHER for _, state in self.ports)
        shown = any(How.CERTIFICATE in port.hows and port.issuer for port, _ in self.ports)
        return answered and not shown

    def is_ours(self, issuer: str) -> bool:
        """Whether that is who vouches for our own hosts: our certificate may fail, too, where a clock is wrong."""
        return any(one.casefold() in issuer.casefold() for one in (*self.issuers, *self.vouching) if one)


def stop_of(reading: Reading, port: PortLook, state: PortState, *, seen: bool) -> Stop | None:
    """What stops the port there; None where nothing does, and where nobody can tell.

    `seen`: our responder saw this very test at the port.
    """
    if state not in BLOCKED:
        return _opened_on_the_way(reading, port)
    if _goes_by_proxy(reading) and (port.hows <= NOT_LET_OUT or port.by_proxy is How.ECHO):
        return Stop(PROXY_NEEDED, sure=True)
    return (
        _asks_to_sign_in(reading)
        or _nothing_gets_out(reading)
        or _led_astray(reading, port)
        or _stopped_here(reading, port, seen)
    )


def _opened_on_the_way(reading: Reading, port: PortLook) -> Stop | None:
    """Our answer came, under somebody else's certificate: that machine trusts whoever opens TLS; a device will not."""
    if not (reading.by_script and port.echoed and port.issuer and reading.vouching) or reading.is_ours(port.issuer):
        return None
    return Stop(TLS_INTERCEPTION, sure=True)


def _goes_by_proxy(reading: Reading) -> bool:
    """The proxy opens what is closed without it, or stands in the way by itself."""
    return any(one.by_proxy is How.ECHO or How.PROXY_REFUSED in one.hows for one in reading.blocked)


def _asks_to_sign_in(reading: Reading) -> Stop | None:
    """A sign-in page answers for everybody, this portal too, until somebody has signed in."""
    if reading.look.portal_reached or reading.echoed or _goes_by_proxy(reading):
        return None
    if any(How.OTHER in one.hows or one.second_look for one in reading.blocked):
        return Stop(CAPTIVE_PORTAL, sure=True)
    shown = any(How.CERTIFICATE in one.hows for one in reading.blocked)
    return Stop(CAPTIVE_PORTAL) if shown and set(reading.plain) <= {PortState.ANSWERED_BY_OTHER} else None


def _nothing_gets_out(reading: Reading) -> Stop | None:
    """Neither we nor the portal. A machine without any network sees no names, so that alone is no proof."""
    hows = [port.hows for port, _ in reading.ports]
    if reading.look.portal_reached or not all(how and how <= CUT_OFF for how in hows):
        return None
    return Stop(NO_WAY_OUT, sure=not all(how <= UNNAMED for how in hows))


def _led_astray(reading: Reading, port: PortLook) -> Stop | None:
    """DNS leads our name to where we cannot be. Not so where we answer at that address: a test at home."""
    if not is_nowhere(port.address) or any(one.address == port.address for one in reading.echoed):
        return None
    return Stop(DNS_FILTER, sure=True)


def is_nowhere(address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in NOWHERE)


def _stopped_here(reading: Reading, port: PortLook, seen: bool) -> Stop | None:
    if port.hows <= UNNAMED:
        return _without_a_name(reading, port)
    if How.OTHER in port.hows or How.CERTIFICATE in port.hows or port.second_look:
        return _answered_by_other(reading, port, seen)
    if seen:
        return Stop(WEB_FILTER)
    if port.port == PLAIN and not reading.by_script:
        return _closed_to_tls_and_turn(port)
    return Stop(sure=_surely_closed(reading, port))


def _without_a_name(reading: Reading, port: PortLook) -> Stop | None:
    """Other names work there, ours does not, at no port: else DNS is only slow. A silent one may be, too.

    Where there is a proxy, it may have been the one who knew the others.
    """
    found_elsewhere = any(one.host == port.host and not one.hows <= UNNAMED for one, _ in reading.ports)
    if found_elsewhere or not (reading.look.portal_reached or reading.echoed):
        return None
    return Stop(DNS_FILTER, sure=port.hows == {How.NO_NAME} and port.by_proxy is None)


def _answered_by_other(reading: Reading, port: PortLook, seen: bool) -> Stop | None:
    """Somebody took the connection who is not us; if it was us, only the answer was hard to read."""
    if seen or reading.is_ours(port.issuer):
        return None
    if reading.answered_everywhere:
        return Stop(CAPTIVE_PORTAL if reading.plain else WEB_FILTER)
    if How.OTHER in port.hows:
        return Stop(WEB_FILTER, sure=True)
    if How.CERTIFICATE in port.hows:
        return _other_certificate(reading, port)
    return Stop(WEB_FILTER, sure=bool(reading.echoed))


def _other_certificate(reading: Reading, port: PortLook) -> Stop | None:
    """A machine that does not trust the portal's certificate either may trust nobody's."""
    reached = reading.look.portal_reached
    if port.issuer:
        return Stop(TLS_INTERCEPTION, sure=reached)
    return Stop(WEB_FILTER) if reached else None


def _closed_to_tls_and_turn(port: PortLook) -> Stop | None:
    """A proxy for plain text turns both away and lets a device through; a closed port is silent to both."""
    return Stop() if port.turn is Turn.SILENT and How.FAILED not in port.hows else None


def _surely_closed(reading: Reading, port: PortLook) -> bool:
    """A script says why. A browser does not: another port of the host must work, by TLS, for it to be the port."""
    if reading.by_script:
        return reading.look.portal_reached or bool(reading.echoed)
    return any(one.host == port.host for one in reading.echoed)
