"""Whoever sends the codes, one TOML file each; a deployment adds or replaces profiles with `use`."""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path

from diagnostics.content import BadContent, Shelf, build, files, read_toml
from diagnostics.domain import Vendor

HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
"""Also what may stand in a content security policy and in a command for a shell: nothing else."""


def vendor(slug: str) -> Vendor:
    """The profile of that slug; raises BadContent where there is none."""
    try:
        return vendors()[slug]
    except KeyError:
        raise BadContent(f"{slug}.toml: no such vendor profile") from None


def vendors() -> dict[str, Vendor]:
    return _shelf.items


def use(*folders: Path) -> tuple[Path, ...]:
    """Read these folders after the product's own: a file of the same name replaces the whole profile.

    Returns the folders that were read until now.
    """
    return _shelf.use(*folders)


def problems() -> list[str]:
    """One sentence for each profile that cannot be used."""
    return _shelf.problems()


def _read(slug: str, path: Path) -> Vendor:
    found = build(Vendor, {"slug": slug, **read_toml(path)}, path)
    of_hosts = (port for host in found.hosts for port in (*host.ports, *host.tls_ports))
    of_responders = (port for host in found.responders for port in host.ports)
    for port in (*found.ports, *of_hosts, *of_responders):
        if not 0 < port < 65536:
            raise BadContent(f"{path}: ports: {port} is not a port")
    for responder in found.responders:
        if not HOST_NAME.fullmatch(responder.name):
            raise BadContent(f"{path}: responders: {responder.name!r} is no host name")
    for address in (*found.addresses, *found.sending_addresses):
        try:
            ip_network(address, strict=False)
        except ValueError:
            raise BadContent(f"{path}: {address!r} is neither an IP address nor a network") from None
    return found


_shelf = Shelf(Path(__file__).parent, files(".toml"), _read)
