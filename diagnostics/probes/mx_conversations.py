"""Do the mail hosts talk to us?"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from diagnostics.domain import (
    DnsStatus,
    Evidence,
    Gap,
    Network,
    NotApplicable,
    ProbeGroup,
    SmtpConversation,
    Target,
    Unobserved,
)
from diagnostics.probes.mx_addresses import MxAddresses
from diagnostics.registry import probe


@dataclass(frozen=True, slots=True)
class MxConversations:
    """What the mail hosts said, lowest preference first; none was asked about a mailbox."""

    conversations: tuple[SmtpConversation, ...]


@probe(group=ProbeGroup.DELIVERY, observes=MxConversations, needs=(MxAddresses,), timeout=22)
async def collect(target: Target, evidence: Evidence, net: Network) -> MxConversations:
    """Do the mail hosts take a connection on port 25 and greet us?"""
    mx = evidence[MxAddresses]
    if not mx.usable:
        if any(host.status is DnsStatus.UNANSWERED for host in mx.hosts):
            raise Unobserved(Gap.RESOLVER_SILENT)
        raise NotApplicable(Gap.NO_MX)
    conversations = await asyncio.gather(*(net.converse(host.name, host.addresses) for host in mx.usable))
    return MxConversations(tuple(conversations))
