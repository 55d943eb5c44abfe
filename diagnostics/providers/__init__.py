"""Mailbox providers and security gateways, known by their MX hosts and other public records; one TOML file each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from diagnostics.content import BadContent, Shelf, build, files, read_toml
from diagnostics.domain import Provider

SUFFIXES = ("mx_suffixes", "spf_includes", "client_hosts", "dkim_hosts")
"""The lists of a file by which host names are told apart."""


def providers() -> dict[str, Provider]:
    return _shelf.items


def provider(slug: str) -> Provider | None:
    return providers().get(slug)


def by_mx_host(name: str) -> Provider | None:
    """Who runs this MX host: the longest suffix that matches whole labels wins; None where nobody is known."""
    return _owner(name, "mx_suffixes")


def by_mx(hosts: Iterable[str]) -> tuple[Provider, ...]:
    """The distinct providers behind a domain's MX hosts, in the order of the hosts."""
    found = (by_mx_host(host) for host in hosts)
    return tuple(dict.fromkeys(provider for provider in found if provider))


def by_spf_include(name: str) -> Provider | None:
    """Whose customers include this name in their SPF record."""
    return _owner(name, "spf_includes")


def by_client_host(name: str) -> Provider | None:
    """Whose customers' autodiscover leads to this host."""
    return _owner(name, "client_hosts")


def by_dkim_host(name: str) -> Provider | None:
    """Whose customers' DKIM selectors lead to this host."""
    return _owner(name, "dkim_hosts")


def family(one: Provider) -> str:
    """Providers of one family run one mail system."""
    return one.family or one.slug


def problems() -> list[str]:
    """One sentence for each provider file that cannot be used, and for each suffix that two of them claim."""
    found = _shelf.problems()
    if found:
        return found
    try:
        for names in SUFFIXES:
            _owners(names)
    except BadContent as problem:
        return [str(problem)]
    return []


def _owner(name: str, names: str) -> Provider | None:
    labels = name.lower().rstrip(".").split(".")
    owners = _owners(names)
    return next((owners[suffix] for suffix in _suffixes(labels) if suffix in owners), None)


def _suffixes(labels: list[str]) -> Iterator[str]:
    """The name and every name above it, the longest first."""
    return (".".join(labels[start:]) for start in range(len(labels)))


@cache
def _owners(names: str) -> dict[str, Provider]:
    owners: dict[str, Provider] = {}
    for one in providers().values():
        for suffix in getattr(one, names):
            if suffix in owners:
                raise BadContent(f"{one.slug}.toml: {names}: {suffix} belongs to {owners[suffix].slug}.toml already")
            owners[suffix] = one
    return owners


def _read(slug: str, path: Path) -> Provider:
    found = build(Provider, {"slug": slug, **read_toml(path)}, path)
    if not found.mx_suffixes:
        raise BadContent(f"{path}: mx_suffixes: at least one is needed to know the provider by")
    for names in SUFFIXES:
        for suffix in getattr(found, names):
            if suffix != suffix.lower().strip(".") or not suffix:
                raise BadContent(f"{path}: {names}: {suffix!r} must be in lower case, without dots at its ends")
    for document in found.documents:
        if not document.url.startswith("https://"):
            raise BadContent(f"{path}: documents: {document.url} must begin with https://")
    return found


_shelf = Shelf(Path(__file__).parent, files(".toml"), _read)
