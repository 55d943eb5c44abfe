"""What stops the ports of one look, as far as that look alone can tell. What it cannot tell stays unknown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

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
TURNED_AWAY = frozenset({How.REFUSED, How.BROKEN_OFF})
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
UNIQUE_LOCAL = ip_network("fc00::/7")
"""Of these, where a network may also put the IPv4 addresses that it translates (NAT64 with a prefix of its own)."""
OF_ONE_COMPUTER = (
    *("avast", "avg", "avira", "bitdefender", "drweb", "eset", "kaspersky", "malwarebytes", "mcafee", "norton"),
    *("sophos", "symantec", "trellix", "trend micro", "webroot", "withsecure"),
    *("cato networks", "cisco umbrella", "cloudflare", "forcepoint", "iboss", "netskope", "zscaler"),
    *("adguard", "charles proxy", "fiddlerroot", "mitmproxy", "net nanny", "qustodio"),
)
"""Words in the names of issuers that are, most often, a program on the very computer that the script ran on.

Antivirus that scans web traffic, agents of cloud proxies, then filters and debuggers. Some of their makers have the
same done by a firewall: what one computer saw is then a hint, until another one sees it, too.
"""


@dataclass(frozen=True, slots=True)
class Stop:
    """`tag` names the cause; empty where the port is just closed, and the places must tell who closed it.

    `sure` where nothing else looks like it. `also` names the other cause that looks just like the first.
    """

    tag: str = ""
    sure: bool = False
    also: str = ""


@dataclass(frozen=True, slots=True)
class OurSide:
    """As our server sees it: `issuers` vouch for our own hosts, and `vouching` for the test points.

    `addresses`: the name of each test point with the address at which our server found it.
    """

    issuers: frozenset[str] = frozenset()
    vouching: frozenset[str] = frozenset()
    addresses: frozenset[tuple[str, str]] = frozenset()

    def signs(self, issuer: str) -> bool:
        """Whether that is who vouches for our own hosts: our certificate may fail, too, where a clock is wrong."""
        return any(one.casefold() in issuer.casefold() for one in (*self.issuers, *self.vouching) if one)

    def is_elsewhere(self, host: str, address: str) -> bool:
        """Whether the address is none of ours; compared within IPv4 or IPv6, and only where we know one of ours."""
        ours = {one for name, one in self.addresses if name == host and one and (":" in one) == (":" in address)}
        return bool(address and ours) and address not in ours


@dataclass(frozen=True, slots=True)
class Reading:
    """One look, each of its ports with its state. `way_out`: that place has one, as this or another look showed."""

    look: NetworkLook
    ports: tuple[tuple[PortLook, PortState], ...]
    ours: OurSide
    way_out: bool = False

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
    def plain(self) -> tuple[PortLook, ...]:
        """The port of plain text, at each host."""
        return tuple(port for port, _ in self.ports if port.port == PLAIN)

    @property
    def answered_everywhere(self) -> bool:
        """Every port is answered by somebody else, who shows no certificate of his own."""
        answered = all(state is PortState.ANSWERED_BY_OTHER for _, state in self.ports)
        shown = any(How.CERTIFICATE in port.hows and port.issuer for port, _ in self.ports)
        return answered and not shown


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
    known = reading.by_script and port.echoed and port.issuer and reading.ours.vouching
    if not known or reading.ours.signs(port.issuer):
        return None
    return Stop(TLS_INTERCEPTION, sure=not is_of_one_computer(port.issuer))


def is_of_one_computer(issuer: str) -> bool:
    """Whether whole words of the issuer's name are those of a program that opens TLS on the computer itself."""
    words = " ".join(re.findall(r"[^\W_]+", issuer.casefold()))
    return any(f" {one} " in f" {words} " for one in OF_ONE_COMPUTER)


def _goes_by_proxy(reading: Reading) -> bool:
    """The proxy opens what is closed without it, or stands in the way by itself."""
    return any(one.by_proxy is How.ECHO or How.PROXY_REFUSED in one.hows for one in reading.blocked)


def _asks_to_sign_in(reading: Reading) -> Stop | None:
    """A sign-in page answers for everybody, this portal too, until somebody has signed in.

    So does a web filter that knows both of our names; but it turns TLS away in the middle, which a page does not.
    """
    if reading.look.portal_reached or reading.echoed or _goes_by_proxy(reading):
        return None
    if any(How.OTHER in one.hows or one.second_look for one in reading.blocked):
        page = bool(reading.plain) and all(How.OTHER in one.hows for one in reading.plain)
        turned_away = any(one.hows & TURNED_AWAY for one in reading.blocked)
        sure = page and not turned_away
        return Stop(CAPTIVE_PORTAL, sure=sure, also="" if sure else WEB_FILTER)
    shown = any(How.CERTIFICATE in one.hows for one in reading.blocked)
    plain = all(state is PortState.ANSWERED_BY_OTHER for port, state in reading.ports if port.port == PLAIN)
    return Stop(CAPTIVE_PORTAL) if shown and plain else None


def _nothing_gets_out(reading: Reading) -> Stop | None:
    """Neither we nor the portal, which is no proof: a network may let a device out to the product's own hosts alone.

    Where the machine is told of a proxy, that one knows the way out, and only would not have this script.
    """
    hows = [port.hows for port, _ in reading.ports]
    if reading.look.portal_reached or not all(how and how <= CUT_OFF for how in hows):
        return None
    if any(port.by_proxy is not None for port, _ in reading.ports):
        return Stop(PROXY_NEEDED)
    return None if reading.way_out else Stop(NO_WAY_OUT)


def _led_astray(reading: Reading, port: PortLook) -> Stop | None:
    """DNS leads our name to where we cannot be, or all of it to one place where our server did not find us.

    Not so where we answer at that address: a test at home.
    """
    if any(one.address == port.address for one in reading.echoed):
        return None
    if parsed := _nowhere(port.address):
        return Stop(DNS_FILTER, sure=parsed not in UNIQUE_LOCAL)
    addresses = {one.address for one, _ in reading.ports if one.host == port.host}
    elsewhere = addresses == {port.address} and reading.ours.is_elsewhere(port.host, port.address)
    return Stop(DNS_FILTER) if elsewhere else None


def _nowhere(address: str) -> IPv4Address | IPv6Address | None:
    """The address, where no public name leads there."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return parsed if any(parsed in network for network in NOWHERE) else None


def _stopped_here(reading: Reading, port: PortLook, seen: bool) -> Stop | None:
    if port.hows <= UNNAMED:
        return _without_a_name(reading, port)
    if How.OTHER in port.hows or How.CERTIFICATE in port.hows or port.second_look:
        return _answered_by_other(reading, port, seen)
    if seen or _lets_connect(reading, port):
        return Stop(WEB_FILTER)
    if port.port == PLAIN and not reading.by_script:
        return _closed_to_tls_and_turn(port)
    return Stop(sure=_surely_closed(reading, port))


def _lets_connect(reading: Reading, port: PortLook) -> bool:
    """The port itself is open: the page heard us refuse its TURN, or a connection broke off only once TLS began."""
    if port.turn is Turn.REACHED:
        return True
    works = reading.look.portal_reached and any(one.host == port.host for one in reading.echoed)
    return reading.by_script and How.BROKEN_OFF in port.hows and works


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
    if seen or reading.ours.signs(port.issuer):
        return None
    if reading.answered_everywhere:
        return Stop(WEB_FILTER)
    if How.OTHER in port.hows:
        return Stop(WEB_FILTER, sure=True)
    if How.CERTIFICATE in port.hows:
        return _other_certificate(reading, port)
    return Stop(WEB_FILTER, sure=bool(reading.echoed))


def _other_certificate(reading: Reading, port: PortLook) -> Stop | None:
    """A machine that does not trust the portal's certificate either may trust nobody's."""
    reached = reading.look.portal_reached
    if port.issuer:
        return Stop(TLS_INTERCEPTION, sure=reached and not is_of_one_computer(port.issuer))
    return Stop(WEB_FILTER) if reached else None


def _closed_to_tls_and_turn(port: PortLook) -> Stop | None:
    """A proxy for plain text turns both away and lets a device through; a closed port is silent to both."""
    return Stop() if port.turn is Turn.SILENT and How.FAILED not in port.hows else None


def _surely_closed(reading: Reading, port: PortLook) -> bool:
    """A script says why, but a path on which no TLS comes through at all says nothing about one port.

    A browser does not say why, and what fails at once there may be the browser itself, its proxy or a certificate:
    there must have been silence, and another port of the host must work, by TLS, for it to be the port.
    """
    if not reading.by_script:
        return port.hows == {How.SILENT} and any(one.host == port.host for one in reading.echoed)
    if reading.look.portal_reached:
        return True
    if port.hows <= CUT_OFF:
        return bool(reading.echoed)
    return any(one.port != PLAIN for one in reading.echoed)
