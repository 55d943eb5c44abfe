"""Does the domain exist at all?"""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.domain import DnsStatus, Evidence, Gap, Network, ProbeGroup, Target, Unobserved
from diagnostics.registry import probe


@dataclass(frozen=True, slots=True)
class DomainStatus:
    """`confirmed_by`: how many name servers said so."""

    domain: str
    exists: bool
    confirmed_by: int = 1


@probe(group=ProbeGroup.DNS, observes=DomainStatus)
async def collect(target: Target, evidence: Evidence, net: Network) -> DomainStatus:
    """Does the domain exist (anything but NXDOMAIN, RFC 8020)?"""
    answer = await net.resolve(target.domain, "SOA")
    if answer.status is DnsStatus.UNANSWERED:
        raise Unobserved(Gap.RESOLVER_SILENT)
    return DomainStatus(target.domain, answer.status is not DnsStatus.NO_SUCH_NAME, answer.confirmed_by)
