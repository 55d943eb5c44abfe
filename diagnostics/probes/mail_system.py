"""Who runs the mail of this domain?"""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.domain import Evidence, Gap, Network, NotApplicable, ProbeGroup, ProviderKind, Target
from diagnostics.probes.mx import MxRecords
from diagnostics.providers import by_mx
from diagnostics.registry import probe


@dataclass(frozen=True, slots=True)
class MailSystem:
    """Slugs of `diagnostics/providers`; empty where the MX hosts name nobody we know, or a service that has ended.

    `gateway` filters the mail first; `mailbox_provider` is known from MX only where no gateway hides it, and is the
    forwarder or the program where mail goes to one. `others` are further ones among the hosts. Who keeps the mailboxes
    behind a gateway, `MailboxBehind` says.
    """

    gateway: str = ""
    mailbox_provider: str = ""
    kind: ProviderKind | None = None
    others: tuple[str, ...] = ()


@probe(group=ProbeGroup.DNS, observes=MailSystem, needs=(MxRecords,), timeout=2)
async def collect(target: Target, evidence: Evidence, net: Network) -> MailSystem:
    """Which gateway or mailbox provider do the MX hosts belong to?"""
    mx = evidence[MxRecords]
    names = [host.name for host in mx.hosts if host.name]
    if not names:
        raise NotApplicable(Gap.NO_MX)
    known = [one for one in by_mx(names) if not one.ended]
    if not known:
        return MailSystem()
    gateway = next((one for one in known if one.kind is ProviderKind.GATEWAY), None)
    mailbox = next((one for one in known if one.kind is not ProviderKind.GATEWAY), None)
    first = gateway or mailbox or known[0]
    return MailSystem(
        gateway=gateway.slug if gateway else "",
        mailbox_provider=mailbox.slug if mailbox else "",
        kind=first.kind,
        others=tuple(one.slug for one in known if one not in (gateway, mailbox)),
    )
