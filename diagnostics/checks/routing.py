"""Does DNS say where the domain's mail goes, and does that place exist?"""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.domain import Finding, Gap, NotApplicable, ProviderKind, Unobserved, hints, notes, proves
from diagnostics.probes.domain_status import DomainStatus
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mx import MxRecords
from diagnostics.probes.mx_addresses import MailHost, MxAddresses
from diagnostics.registry import check


@check(DomainStatus, answers="domain", emits={"domain.gone"})
def domain_exists(domain: DomainStatus) -> Iterator[Finding]:
    """NXDOMAIN for the domain itself: nothing below it exists either (RFC 8020)."""
    if not domain.exists:
        yield proves("domain.gone", domain=domain.domain)


@check(MxRecords, DomainStatus, may_read=(MxAddresses,), answers="mx", emits={"mx.none", "mx.null", "mx.broken"})
def mail_hosts_exist(mx: MxRecords, domain: DomainStatus, hosts: MxAddresses | None) -> Iterator[Finding]:
    """RFC 5321 section 5.1: the MX hosts, else the domain itself; a null MX (RFC 7505) takes no mail."""
    if not domain.exists:
        raise NotApplicable(Gap.NO_MX)
    if mx.null:
        yield proves("mx.null", domain=domain.domain)
        return
    if hosts is None:
        raise Unobserved(Gap.NEEDS_MISSING)
    if hosts.usable:
        return
    if not hosts.all_known:
        raise Unobserved(Gap.NOT_ALL_TRIED)
    if hosts.implicit:
        yield proves("mx.none", domain=domain.domain)
    else:
        yield proves("mx.broken", domain=domain.domain, host=", ".join(_shown(host) for host in hosts.hosts))


@check(MailSystem, answers="mx", emits={"domain.parked"})
def parked(system: MailSystem) -> Iterator[Finding]:
    """MX hosts of a parking service: nobody reads mail there."""
    if system.kind is ProviderKind.PARKING:
        yield proves("domain.parked", provider=system.mailbox_provider)


@check(MailSystem, answers="mail-system", emits={"filter.gateway", "filter.forwarder", "mailbox.program"})
def mail_filter(system: MailSystem) -> Iterator[Finding]:
    """Who handles the mail first. A filter by itself is no fault; a program that reads the mail is a likely one."""
    if system.gateway:
        yield notes("filter.gateway", gateway=system.gateway)
    if system.kind is ProviderKind.FORWARDER:
        yield notes("filter.forwarder", provider=system.mailbox_provider)
    if system.kind is ProviderKind.PROGRAM:
        yield hints("mailbox.program", provider=system.mailbox_provider)


def _shown(host: MailHost) -> str:
    return host.name or "."
