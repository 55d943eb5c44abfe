"""Why do name servers fail for the domain: forged signatures, or nobody there who answers for it?"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from hashlib import sha256

from diagnostics.domain import DnsAnswer, DnsStatus, Evidence, Network, ProbeGroup, Target
from diagnostics.probes.domain_status import DomainStatus
from diagnostics.probes.mx import MxRecords
from diagnostics.probes.mx_addresses import MxAddresses
from diagnostics.registry import probe

MOST_NAMES = 2


@dataclass(frozen=True, slots=True)
class FailedName:
    """A question that name servers failed at (SERVFAIL). `failed_by` of them, each time it was asked."""

    name: str
    rdtype: str
    failed_by: int
    extended_errors: tuple[int, ...] = ()
    """The reasons that they gave (RFC 8914)."""
    answered_unchecked: bool = False
    """With DNSSEC left aside (CD) there is an answer."""


@dataclass(frozen=True, slots=True)
class DnsTrust:
    """`failed`: what could not be looked up because name servers failed, not because nothing came back.

    `control_answered`: whether a name of the vendor's that nobody can have cached was looked up in the meantime; None
    where the profile names no control domain, or nothing failed.
    """

    domain: str
    failed: tuple[FailedName, ...] = ()
    control_answered: bool | None = None


@probe(group=ProbeGroup.DNS, observes=DnsTrust, needs=(DomainStatus, MxRecords, MxAddresses), timeout=14)
async def collect(target: Target, evidence: Evidence, net: Network) -> DnsTrust:
    """Do name servers fail for the domain, and would they answer without DNSSEC?"""
    examined = await asyncio.gather(*(_examine(net, *question) for question in _open_questions(target, evidence)))
    failed = tuple(one for one in examined if one)
    return DnsTrust(target.domain, failed, await _control(target, net) if failed else None)


def _open_questions(target: Target, evidence: Evidence) -> list[tuple[str, str]]:
    """What mail needs and got no answer: the domain's MX, else the addresses of mail hosts where none is known."""
    if evidence.get(MxRecords) is None:
        return [(target.domain, "MX")]
    mx = evidence.get(MxAddresses)
    if mx is not None and not mx.usable:
        return [(host.name, "A") for host in mx.hosts if host.unknown][:MOST_NAMES]
    return [] if evidence.get(DomainStatus) else [(target.domain, "SOA")]


async def _examine(net: Network, name: str, rdtype: str) -> FailedName | None:
    """Ask as usual, then without checking and as usual again: only what stays the same says something."""
    first = await net.resolve(name, rdtype)
    if not _failed(first):
        return None
    asked = [net.resolve(name, rdtype, unchecked=unchecked) for unchecked in (True, False)]
    unchecked, again = [await one for one in asked]
    if not _failed(again):
        return None
    errors = sorted({*first.extended_errors, *again.extended_errors})
    answered = unchecked.status is not DnsStatus.UNANSWERED
    return FailedName(name, rdtype, min(first.failed_by, again.failed_by), tuple(errors), answered)


def _failed(answer: DnsAnswer) -> bool:
    return answer.status is DnsStatus.UNANSWERED and answer.failed_by > 0


async def _control(target: Target, net: Network) -> bool | None:
    """A name of its own for each domain, so that the answer does not come from a cache while the way out is cut."""
    if not target.vendor.control_domain:
        return None
    label = sha256(target.domain.encode()).hexdigest()[:12]
    answer = await net.resolve(f"{label}.{target.vendor.control_domain}", "A")
    return answer.status is not DnsStatus.UNANSWERED
