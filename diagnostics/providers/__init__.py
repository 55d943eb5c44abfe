"""Mailbox providers and security gateways, known by their MX hosts; one TOML file each."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from diagnostics.content import BadContent, Shelf, build, files, read_toml
from diagnostics.domain import Provider


def providers() -> dict[str, Provider]:
    return _shelf.items


def provider(slug: str) -> Provider | None:
    return providers().get(slug)


def by_mx_host(name: str) -> Provider | None:
    """Who runs this MX host: the longest suffix that matches whole labels wins; None where nobody is known."""
    labels = name.lower().rstrip(".").split(".")
    owners = _by_suffix()
    return next(
        (owners[suffix] for start in range(len(labels)) if (suffix := ".".join(labels[start:])) in owners), None
    )


def by_mx(hosts: Iterable[str]) -> tuple[Provider, ...]:
    """The distinct providers behind a domain's MX hosts, in the order of the hosts."""
    found = (by_mx_host(host) for host in hosts)
    return tuple(dict.fromkeys(provider for provider in found if provider))


def problems() -> list[str]:
    """One sentence for each provider file that cannot be used, and for each suffix that two of them claim."""
    found = _shelf.problems()
    if found:
        return found
    try:
        _by_suffix()
    except BadContent as problem:
        return [str(problem)]
    return []


@cache
def _by_suffix() -> dict[str, Provider]:
    owners: dict[str, Provider] = {}
    for one in providers().values():
        for suffix in one.mx_suffixes:
            if suffix in owners:
                raise BadContent(
                    f"{one.slug}.toml: mx_suffixes: {suffix} belongs to {owners[suffix].slug}.toml already"
                )
            owners[suffix] = one
    return owners


def _read(slug: str, path: Path) -> Provider:
    found = build(Provider, {"slug": slug, **read_toml(path)}, path)
    if not found.mx_suffixes:
        raise BadContent(f"{path}: mx_suffixes: at least one is needed to know the provider by")
    for suffix in found.mx_suffixes:
        if suffix != suffix.lower().strip(".") or not suffix:
            raise BadContent(f"{path}: mx_suffixes: {suffix!r} must be in lower case, without dots at its ends")
    for document in found.documents:
        if not document.url.startswith("https://"):
            raise BadContent(f"{path}: documents: {document.url} must begin with https://")
    return found


_shelf = Shelf(Path(__file__).parent, files(".toml"), _read)
