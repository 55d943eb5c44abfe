"""Where does the domain say its mail goes?"""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.domain import DnsStatus, Evidence, Gap, Network, ProbeGroup, Target, Unobserved
from diagnostics.registry import probe


@dataclass(frozen=True, slots=True)
class MxHost:
    """`name` without its trailing dot; empty for the root, which is the null MX of RFC 7505."""

    preference: int
    name: str


@dataclass(frozen=True, slots=True)
class MxRecords:
    """The MX records, lowest preference first (RFC 5321 section 5.1)."""

    status: DnsStatus
    hosts: tuple[MxHost, ...] = ()

    @property
    def null(self) -> bool:
        """RFC 7505: a single `0 .` says that the domain takes no mail."""
        return len(self.hosts) == 1 and not self.hosts[0].name


@probe(group=ProbeGroup.DNS, observes=MxRecords)
async def collect(target: Target, evidence: Evidence, net: Network) -> MxRecords:
    """Which hosts take the domain's mail?"""
    answer = await net.resolve(target.domain, "MX")
    if answer.status is DnsStatus.UNANSWERED:
        raise Unobserved(Gap.RESOLVER_SILENT)
    hosts = (host_of(record) for record in answer.records)
    return MxRecords(answer.status, tuple(sorted(hosts, key=lambda host: (host.preference, host.name))))


def host_of(record: str) -> MxHost:
    """An MX record in presentation form, `10 mx.example.org.`, as preference and name."""
    preference, _, name = record.partition(" ")
    return MxHost(int(preference), name.strip().rstrip(".").lower())
