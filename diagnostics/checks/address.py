"""Is it the right address?"""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.domain import Finding, ProviderKind, hints, notes, proves
from diagnostics.probes.address_form import AddressForm
from diagnostics.probes.domain_status import DomainStatus
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mx import MxRecords
from diagnostics.probes.mx_addresses import MxAddresses
from diagnostics.registry import check


@check(
    AddressForm,
    may_read=(DomainStatus, MxRecords, MxAddresses, MailSystem),
    answers="address",
    emits={"address.typo"},
)
def typo_of_a_known_domain(
    form: AddressForm,
    domain: DomainStatus | None,
    mx: MxRecords | None,
    hosts: MxAddresses | None,
    system: MailSystem | None,
) -> Iterator[Finding]:
    """Near a well-known domain hints at a typo; a domain that cannot take mail either proves it."""
    if not form.suggestion:
        return
    gone = domain is not None and not domain.exists
    takes_no_mail = mx is not None and mx.null
    nowhere = hosts is not None and hosts.implicit and not hosts.usable
    parked = system is not None and system.kind is ProviderKind.PARKING
    finding = proves if gone or takes_no_mail or nowhere or parked else hints
    yield finding("address.typo", suggestion=form.suggestion, domain=form.domain)


@check(AddressForm, answers="address", emits={"address.homograph"})
def letters_that_look_like_others(form: AddressForm) -> Iterator[Finding]:
    """Unicode Technical Standard 39: another domain than the one that a reader sees. Never more than a hint."""
    if form.looks_like:
        yield hints("address.homograph", domain=form.domain, written=form.written, suggestion=form.looks_like)
    elif form.mixed_scripts:
        yield hints("address.homograph", domain=form.domain, written=form.written)


@check(AddressForm, answers="address", emits={"address.role", "address.disposable"})
def kind_of_address(form: AddressForm) -> Iterator[Finding]:
    """Worth knowing, no fault: mail reaches most shared and throw-away mailboxes."""
    if form.role:
        yield notes("address.role")
    if form.disposable:
        yield notes("address.disposable", domain=form.domain)
