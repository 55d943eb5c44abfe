"""What to allow, and where: the vendor's allowlist, and each provider's own way to allow and to search."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from diagnostics.domain import Document, Provider, ProviderKind, Vendor

PLACEHOLDER = re.compile(r"\{(domains|addresses|senders|sender|address)\}")
POWERSHELL_QUOTES = re.compile("['\u2018\u2019\u201a\u201b]")
SHORTENED = "•••"
"""What a masked address has instead of the rest of its name (`diagnostics.addresses.mask`)."""


@dataclass(frozen=True, slots=True)
class CopyBlock:
    """Values to copy, one a line."""

    id: str
    label: str | Promise
    values: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.values)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A provider's page: where its users and administrators look, how they allow, what to search for.

    `steps` to allow, in the provider's own order; `trace` says where to search and for what; `commands` are the same
    search for PowerShell. `shortened`: the address in them was shortened, so they want the whole one put in.
    """

    provider: Provider
    steps: tuple[str, ...]
    trace: str
    commands: str = ""
    shortened: bool = False

    @property
    def documents(self) -> tuple[Document, ...]:
        return self.provider.documents

    @property
    def filters(self) -> bool:
        """Handles the mail first, and passes on what it lets through."""
        return self.provider.kind is ProviderKind.GATEWAY

    @property
    def passes_on(self) -> bool:
        return self.provider.kind is ProviderKind.FORWARDER


def allowlist(vendor: Vendor) -> tuple[CopyBlock, ...]:
    """The vendor's lists, those that it has."""
    blocks = (
        CopyBlock("allow-senders", _("Sender addresses"), vendor.senders),
        CopyBlock("allow-domains", _("Domains"), vendor.domains),
        CopyBlock("allow-addresses", _("IP addresses"), vendor.addresses),
        CopyBlock("allow-hosts", _("Server names"), tuple(host.name for host in vendor.hosts)),
        CopyBlock("allow-ports", _("Ports"), tuple(str(port) for port in vendor.ports)),
    )
    return tuple(block for block in blocks if block.values)


def recipe(provider: Provider, vendor: Vendor, *, address: str) -> Recipe:
    """The provider's steps with the vendor's values filled in; a line that needs a value we do not have is left out.

    Where nothing is known of the provider's own menus, the steps name what every such system has.
    """
    values = {
        "domains": vendor.domains or tuple(dict.fromkeys(one.rpartition("@")[2] for one in vendor.senders)),
        "addresses": vendor.addresses,
        "senders": vendor.senders,
        "sender": vendor.senders[:1],
        "address": (address,),
    }
    listed = {name: ", ".join(found) for name, found in values.items()}
    quoted = {name: ",".join(map(powershell_literal, found)) for name, found in values.items()}
    has_administrator = provider.kind in (ProviderKind.GATEWAY, ProviderKind.MAILBOX)
    return Recipe(
        provider=provider,
        steps=_filled(provider.allowlist or (_generic_steps(provider) if has_administrator else ()), listed),
        trace="\n".join(_filled(_lines(provider.trace) or (_generic_trace() if has_administrator else ()), listed)),
        commands="\n".join(_filled(provider.powershell, quoted)),
        shortened=SHORTENED in address,
    )


def powershell_literal(value: str) -> str:
    """A text that PowerShell takes as it stands, whatever is in it.

    Between single quotes only these mean something, and doubled they are themselves. PowerShell takes typographic
    single quotes for plain ones (about_Quoting_Rules).
    """
    return f"'{POWERSHELL_QUOTES.sub(lambda found: found[0] * 2, value)}'"


def _generic_steps(provider: Provider) -> tuple[str, ...]:
    if provider.kind is ProviderKind.GATEWAY:
        return (
            _("In the filter's list of allowed (safe, permitted) senders: add the domains {domains}."),
            _("In its list of allowed IP addresses: add {addresses}."),
            _("Where it makes new senders wait (greylisting), exempt {domains}."),
        )
    return (
        _("In the administration of your e-mail, list of allowed (safe) senders: add the domains {domains}."),
        _("In its list of allowed IP addresses, if there is one: add {addresses}."),
        _("Without an administrator's list: each user adds {senders} to the contacts or safe senders of the mailbox."),
    )


def _generic_trace() -> tuple[str, ...]:
    return (
        _("Search the message log and the quarantine, last 2 days."),
        _("To: {address}"),
        _("From: {senders}"),
        _("From: any address at {domains}"),
    )


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.splitlines())


def _filled(texts: Iterable[str], values: Mapping[str, str]) -> tuple[str, ...]:
    """Each text with its values in one pass, so that nothing in a value is filled in again."""
    known = {name: value for name, value in values.items() if value}
    fitting = (text for text in texts if all(name in known for name in PLACEHOLDER.findall(text)))
    return tuple(PLACEHOLDER.sub(lambda found: known[found[1]], text) for text in fitting)
