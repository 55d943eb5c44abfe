"""Who handles the domain's mail, and do its MX records agree on that?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from diagnostics.domain import Finding, Gap, NotApplicable, Provider, ProviderKind, hints, notes, proves
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mailbox_behind import MailboxBehind, SignKind, mailbox_of
from diagnostics.probes.mx import MxRecords
from diagnostics.providers import by_mx_host, family, provider
from diagnostics.registry import check

DESTINATIONS = frozenset(
    {ProviderKind.MAILBOX, ProviderKind.CONSUMER, ProviderKind.FORWARDER, ProviderKind.PROGRAM, ProviderKind.PARKING}
)
"""Where a message ends or leaves the domain; a filter passes it on within."""


@check(MailSystem, answers="mx", emits={"domain.parked"})
def parked(system: MailSystem) -> Iterator[Finding]:
    """MX hosts of a parking service: nobody reads mail there."""
    if system.kind is ProviderKind.PARKING:
        yield proves("domain.parked", provider=system.mailbox_provider)


@check(
    MailSystem,
    may_read=(MailboxBehind,),
    answers="mail-system",
    emits={"filter.gateway", "filter.forwarder", "mailbox.program"},
)
def mail_filter(system: MailSystem, behind: MailboxBehind | None) -> Iterator[Finding]:
    """Who handles the mail first. A filter by itself is no fault; a program that reads the mail is a likely one."""
    mailbox = provider(mailbox_of(system, behind))
    name = mailbox.name if mailbox else ""
    if system.gateway:
        yield notes("filter.gateway", gateway=system.gateway, mailbox=name)
    if system.kind is ProviderKind.FORWARDER:
        yield notes("filter.forwarder", provider=system.mailbox_provider, mailbox=name)
    if system.kind is ProviderKind.PROGRAM:
        yield hints("mailbox.program", provider=system.mailbox_provider)


@check(MxRecords, may_read=(MailboxBehind,), answers="mail-system", emits={"mx.mixed", "mx.stale-filter"})
def one_system(mx: MxRecords, behind: MailboxBehind | None) -> Iterator[Finding]:
    """All MX hosts should lead to one mail system: what is left of an older one still takes mail (RFC 5321, 5.1).

    A mailbox provider that only stands in for its own filter is worth knowing, no fault.
    """
    if not any(host.name for host in mx.hosts):
        raise NotApplicable(Gap.NO_MX)
    hosts = [_Host(host.preference, host.name, owner) for host in mx.hosts if (owner := by_mx_host(host.name))]
    for ended in [host for host in hosts if host.provider.ended][:1]:
        yield hints("mx.stale-filter", gateway=ended.provider.slug, host=ended.name)
    hosts = [host for host in hosts if not host.provider.ended]
    ends = _first_of_each([host for host in hosts if host.provider.kind in DESTINATIONS])
    filters = _first_of_each([host for host in hosts if host.provider.kind is ProviderKind.GATEWAY])
    mailbox = _by_other_signs(behind)
    if len(ends) > 1:
        yield hints("mx.mixed", **_facts(ends, mailbox))
    elif ends and filters:
        passed_by = ends[0].preference <= filters[0].preference
        elsewhere = mailbox is not None and family(mailbox) != family(ends[0].provider)
        finding = hints if passed_by or elsewhere else notes
        yield finding("mx.mixed", **_facts([filters[0], ends[0]], mailbox))
    elif len(filters) > 1:
        yield notes("mx.mixed", **_facts(filters, mailbox))


@dataclass(frozen=True, slots=True)
class _Host:
    """An MX host that is known by its name. A lower preference is tried first."""

    preference: int
    name: str
    provider: Provider


def _first_of_each(hosts: list[_Host]) -> list[_Host]:
    """Of every family the host that is tried first."""
    first: dict[str, _Host] = {}
    for host in sorted(hosts, key=lambda one: (one.preference, one.name)):
        first.setdefault(family(host.provider), host)
    return list(first.values())


def _by_other_signs(behind: MailboxBehind | None) -> Provider | None:
    """Who keeps the mailboxes, where more than the MX records themselves says so."""
    if behind and any(sign.provider == behind.provider and sign.kind is not SignKind.MX for sign in behind.signs):
        return provider(behind.provider)
    return None


def _facts(hosts: list[_Host], mailbox: Provider | None) -> dict[str, str]:
    first, second = hosts[0], hosts[1]
    return {
        "first": first.provider.name,
        "second": second.provider.name,
        "hosts": ", ".join(f"{host.name} ({host.preference})" for host in hosts),
        "mailbox": mailbox.name if mailbox else "",
    }
