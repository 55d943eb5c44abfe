"""What a DNS blocklist says (RFC 5782), and what only looks like an answer.

A refusal, a resolver that rewrites "no such name", and a list that fails its own test entries are all unknown: neither
listed nor clean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address

from diagnostics.domain import DnsAnswer, DnsStatus
from diagnostics.probes.vendor_health import HealthState

LOOPBACK = IPv4Network("127.0.0.0/8")
"""RFC 5782 section 2.1: every answer of a list lies in here."""
ERRORS = IPv4Network("127.255.255.0/24")
"""Not a listing but a message of the list's keeper to whoever asked."""
NEVER_A_LISTING = "127.0.0.1"
ERROR_MEANINGS = {
    "127.255.255.252": "the list's name is mistyped",
    "127.255.255.254": "asked through a public resolver, which the list does not answer",
    "127.255.255.255": "asked too often",
}
LISTED_ADDRESS, UNLISTED_ADDRESS = "127.0.0.2", "127.0.0.1"
LISTED_ADDRESS_V6, UNLISTED_ADDRESS_V6 = "::ffff:7f00:2", "::ffff:7f00:1"
LISTED_DOMAIN, UNLISTED_DOMAIN = "test", "invalid"
"""Test entries (RFC 5782 section 5)."""


@dataclass(frozen=True, slots=True)
class Blocklist:
    """`name` is also what replies that quote the list are known by (`replies/causes.toml`).

    `codes` are all answers that mean a listing; empty where any answer in 127/8 does. `widely_used`: a listing here
    explains refusals by itself. `delist` is where an entry is looked up and removed.
    """

    zone: str
    name: str
    of_domains: bool = False
    widely_used: bool = False
    ipv6: bool = False
    codes: Mapping[str, str] = field(default_factory=dict)
    delist: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """UNKNOWN where the answer is none; `detail` says what it means, `codes` are the addresses that came back."""

    state: HealthState
    detail: str = ""
    codes: tuple[str, ...] = ()


def blocklist(zone: str, *, of_domains: bool = False) -> Blocklist:
    """What is known of the list; a list that we do not know counts every answer in 127/8 as a listing."""
    zone = zone.lower().rstrip(".")
    return _KNOWN.get(zone) or Blocklist(zone, zone, of_domains)


def entry(subject: str, zone: str) -> str:
    """The name to ask for: reversed octets, reversed nibbles, or the domain as it is (RFC 5782 sections 2.1 to 2.4)."""
    try:
        address = ip_address(subject)
    except ValueError:
        return f"{subject.lower().rstrip('.')}.{zone}"
    return f"{_reversed(address)}.{zone}"


def trial_entries(known: Blocklist, *, ipv6: bool = False) -> tuple[str, str]:
    """Two names: one that a working list has, one that it does not have."""
    if known.of_domains:
        pair = LISTED_DOMAIN, UNLISTED_DOMAIN
    else:
        pair = (LISTED_ADDRESS_V6, UNLISTED_ADDRESS_V6) if ipv6 else (LISTED_ADDRESS, UNLISTED_ADDRESS)
    return entry(pair[0], known.zone), entry(pair[1], known.zone)


def works(known: Blocklist, listed: DnsAnswer, unlisted: DnsAnswer) -> Listing:
    """Whether the list can be relied on, by the answers for its two test entries: FINE, or UNKNOWN and why not."""
    first, second = read(known, listed), read(known, unlisted)
    if HealthState.UNKNOWN in (first.state, second.state):
        return first if first.state is HealthState.UNKNOWN else second
    if first.state is HealthState.FINE:
        return Listing(HealthState.UNKNOWN, "its test entry is missing: the list does not work, or not for us")
    if second.state is HealthState.PROBLEM:
        return Listing(HealthState.UNKNOWN, "it lists everything: it has been given up, or answers are rewritten")
    return Listing(HealthState.FINE)


def read(known: Blocklist, answer: DnsAnswer) -> Listing:
    """What the answer for one entry says: PROBLEM listed, FINE not listed, UNKNOWN neither."""
    match answer.status:
        case DnsStatus.NO_SUCH_NAME if answer.confirmed_by:
            return Listing(HealthState.FINE, "not listed")
        case DnsStatus.OK if answer.records:
            return _read_codes(known, answer.records)
        case DnsStatus.NO_DATA:
            return Listing(HealthState.UNKNOWN, "an empty answer")
    return Listing(HealthState.UNKNOWN, "no answer")


def _read_codes(known: Blocklist, codes: tuple[str, ...]) -> Listing:
    for code in codes:
        if why := _not_a_listing(known, code):
            return Listing(HealthState.UNKNOWN, f"{why} ({code})", codes)
    meanings = dict.fromkeys(known.codes.get(code, "listed") for code in codes)
    return Listing(HealthState.PROBLEM, f"{', '.join(meanings)} ({', '.join(codes)})", codes)


def _not_a_listing(known: Blocklist, code: str) -> str:
    try:
        address = IPv4Address(code)
    except ValueError:
        return "not an address"
    if address not in LOOPBACK:
        return "an answer from somebody else: a resolver that rewrites answers, or a list that has been given up"
    if address in ERRORS:
        return ERROR_MEANINGS.get(code, "an error message of the list")
    if code == NEVER_A_LISTING:
        return "not an answer that a list gives"
    if known.codes and code not in known.codes:
        return "an answer that the list does not explain"
    return ""


def _reversed(address: IPv4Address | IPv6Address) -> str:
    return address.reverse_pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")


_CHECK_SPAMHAUS = "https://check.spamhaus.org/"
# Codes: www.spamhaus.org/faqs/dnsbl-usage/ and docs.spamhaus.com (ZEN, DBL).
_KNOWN = {
    known.zone: known
    for known in (
        Blocklist(
            "zen.spamhaus.org",
            "Spamhaus ZEN",
            widely_used=True,
            ipv6=True,
            codes={
                "127.0.0.2": "SBL: seen sending spam",
                "127.0.0.3": "CSS: sends like a spammer",
                **dict.fromkeys((f"127.0.0.{last}" for last in range(4, 8)), "XBL: infected or open to abuse"),
                "127.0.0.9": "DROP: a hijacked network",
                "127.0.0.10": "PBL: not meant to send mail directly, says its provider",
                "127.0.0.11": "PBL: not meant to send mail directly",
            },
            delist=_CHECK_SPAMHAUS,
        ),
        Blocklist(
            "dbl.spamhaus.org",
            "Spamhaus DBL",
            of_domains=True,
            widely_used=True,
            codes={
                "127.0.1.2": "spam domain",
                "127.0.1.4": "phishing domain",
                "127.0.1.5": "malware domain",
                "127.0.1.6": "botnet domain",
                "127.0.1.102": "abused, otherwise legitimate domain: spam",
                "127.0.1.103": "abused redirector",
                "127.0.1.104": "abused, otherwise legitimate domain: phishing",
                "127.0.1.105": "abused, otherwise legitimate domain: malware",
                "127.0.1.106": "abused, otherwise legitimate domain: botnet",
            },
            delist=_CHECK_SPAMHAUS,
        ),
        Blocklist("bl.spamcop.net", "SpamCop", widely_used=True, delist="https://www.spamcop.net/bl.shtml"),
        Blocklist(
            "b.barracudacentral.org",
            "Barracuda Reputation Block List",
            widely_used=True,
            delist="https://www.barracudacentral.org/rbl/removal-request",
        ),
        Blocklist("psbl.surriel.com", "PSBL", delist="https://psbl.org/"),
    )
}
