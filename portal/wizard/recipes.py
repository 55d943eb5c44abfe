"""What to allow, and where: the vendor's allowlist, and each provider's own way to allow and to search."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from diagnostics.domain import Document, Provider, ProviderKind, Vendor
from portal.wizard import words


@dataclass(frozen=True, slots=True)
class CopyBlock:
    """Values to copy, one a line."""

    id: str
    label: words.Words
    values: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.values)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A provider's page: where its users and administrators look, how they allow, what to search for."""

    provider: Provider
    in_front: bool
    steps: tuple[str, ...]
    trace: str

    @property
    def documents(self) -> tuple[Document, ...]:
        return self.provider.documents


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
    """The provider's steps with the vendor's values filled in; a step that needs a value we do not have is left out."""
    values = {
        "{domains}": ", ".join(vendor.domains or tuple(one.rpartition("@")[2] for one in vendor.senders)),
        "{addresses}": ", ".join(vendor.addresses),
        "{senders}": ", ".join(vendor.senders),
        "{address}": address,
    }
    return Recipe(
        provider=provider,
        in_front=provider.kind is ProviderKind.GATEWAY,
        steps=tuple(_filled(provider.allowlist, values)),
        trace=next(_filled((provider.trace,), values), "") if provider.trace else "",
    )


def _filled(texts: tuple[str, ...], values: dict[str, str]) -> Iterator[str]:
    for text in texts:
        if all(value for name, value in values.items() if name in text):
            for name, value in values.items():
                text = text.replace(name, value)
            yield text
