"""Does DNS say where the domain's mail goes, and does that place exist?"""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.domain import Finding, Gap, NotApplicable, Unobserved, hints, notes, proves
from diagnostics.probes.domain_status import DomainStatus
from diagnostics.probes.mx import MxRecords
from diagnostics.probes.mx_addresses import HostForm, MailHost, MxAddresses
from diagnostics.registry import check


@check(DomainStatus, answers="domain", emits={"domain.gone"})
def domain_exists(domain: DomainStatus) -> Iterator[Finding]:
    """NXDOMAIN for the domain itself: nothing below it exists either (RFC 8020). One name server alone may err."""
    if not domain.exists:
        finding = proves if domain.confirmed_by > 1 else hints
        yield finding("domain.gone", domain=domain.domain)


@check(
    MxRecords,
    DomainStatus,
    may_read=(MxAddresses,),
    answers="mx",
    emits={"mx.none", "mx.null", "mx.broken", "mx.contradictory"},
)
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
        if any(host.form is HostForm.ROOT for host in hosts.hosts):
            yield hints("mx.contradictory", domain=domain.domain)
        return
    if not hosts.all_known:
        raise Unobserved(Gap.NOT_ALL_TRIED)
    if hosts.implicit:
        yield proves("mx.none", domain=domain.domain)
    else:
        yield proves("mx.broken", domain=domain.domain, host=", ".join(_shown(host) for host in hosts.hosts))


@check(MxAddresses, answers="mx", emits={"mx.alias"})
def mail_hosts_are_no_aliases(hosts: MxAddresses) -> Iterator[Finding]:
    """RFC 2181 section 10.3: an MX must not name an alias. Most senders deliver all the same."""
    aliases = [host for host in hosts.hosts if host.alias_of and not hosts.implicit]
    if aliases:
        yield notes("mx.alias", host=aliases[0].name)


def _shown(host: MailHost) -> str:
    return host.name or "."
