"""Do the mail hosts exist, and where?"""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import dataclass
from enum import StrEnum

from diagnostics.domain import DnsStatus, Evidence, Gap, Network, NotApplicable, ProbeGroup, Target
from diagnostics.probes.mx import MxRecords
from diagnostics.registry import probe

MOST_HOSTS = 10


class HostForm(StrEnum):
    NAME = "name"
    LITERAL = "literal"
    """An IP address where a host name must stand (RFC 5321 section 5.1)."""
    LOCALHOST = "localhost"
    ROOT = "root"
    """The root as one of several hosts: neither a host nor a null MX."""


@dataclass(frozen=True, slots=True)
class MailHost:
    """`addresses` IPv4 first. `status` of the look-up: OK with addresses, or why there are none."""

    name: str
    preference: int
    form: HostForm
    status: DnsStatus
    addresses: tuple[str, ...] = ()
    incomplete: bool = False
    """One of the two look-ups (A, AAAA) got no answer: there may be more addresses."""
    alias_of: str = ""
    """Where the name is an alias (CNAME), which an MX must not name (RFC 2181 section 10.3): what it leads to."""

    @property
    def usable(self) -> bool:
        return self.form is HostForm.NAME and bool(self.addresses)

    @property
    def unknown(self) -> bool:
        """Whether there may be addresses that we were not told."""
        return self.incomplete or self.status is DnsStatus.UNANSWERED


@dataclass(frozen=True, slots=True)
class MxAddresses:
    """The hosts that mail for the domain goes to.

    `implicit`: there is no MX record, the domain itself takes the mail (RFC 5321 section 5.1).
    """

    hosts: tuple[MailHost, ...]
    implicit: bool = False
    omitted: int = 0
    """How many hosts were not looked at because there are more than `MOST_HOSTS`."""

    @property
    def all_known(self) -> bool:
        """Whether nothing that might work was left out or got no answer."""
        return not any(host.unknown for host in self.hosts) and not self.omitted

    @property
    def usable(self) -> tuple[MailHost, ...]:
        return tuple(host for host in self.hosts if host.usable)


@probe(group=ProbeGroup.DNS, observes=MxAddresses, needs=(MxRecords,), timeout=12)
async def collect(target: Target, evidence: Evidence, net: Network) -> MxAddresses:
    """Do the mail hosts' names lead to addresses?"""
    mx = evidence[MxRecords]
    if mx.null:
        raise NotApplicable(Gap.NO_MX)
    if mx.status is DnsStatus.NO_SUCH_NAME:
        raise NotApplicable(Gap.NO_MX)
    if not mx.hosts:
        host = await _look_up(net, target.domain, 0)
        return MxAddresses((host,), implicit=True)
    hosts = await asyncio.gather(*(_look_up(net, host.name, host.preference) for host in mx.hosts[:MOST_HOSTS]))
    return MxAddresses(tuple(hosts), omitted=max(0, len(mx.hosts) - MOST_HOSTS))


async def _look_up(net: Network, name: str, preference: int) -> MailHost:
    form = _form(name)
    if form is not HostForm.NAME:
        return MailHost(name, preference, form, DnsStatus.NO_DATA)
    asked = [net.resolve(name, rdtype) for rdtype in ("A", "AAAA")]
    v4, v6 = [await one for one in asked]
    addresses, alias_of = v4.records + v6.records, v4.alias_of or v6.alias_of
    incomplete = DnsStatus.UNANSWERED in (v4.status, v6.status)
    if addresses:
        return MailHost(name, preference, form, DnsStatus.OK, addresses, incomplete, alias_of)
    if incomplete:
        return MailHost(name, preference, form, DnsStatus.UNANSWERED, alias_of=alias_of)
    return MailHost(name, preference, form, v4.status, alias_of=alias_of)


def _form(name: str) -> HostForm:
    if not name:
        return HostForm.ROOT
    if name == "localhost" or name.endswith((".localhost", ".localdomain")):
        return HostForm.LOCALHOST
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return HostForm.NAME
    return HostForm.LITERAL
