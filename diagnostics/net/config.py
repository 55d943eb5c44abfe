"""How this process reaches the world: name servers, the lab's or a closed network's way to hosts, our own name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from diagnostics.net.guard import Networks

PORTS = frozenset({25, 80, 443, 59777, 59778})
"""The ports that may be dialled unless a configuration says otherwise."""


class Endpoint(NamedTuple):
    """An IP address in its shortest form and a port."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


@dataclass(frozen=True)
class NetworkConfig:
    """Where to ask and whom to dial. Raises ValueError where an entry is malformed.

    `nameservers` are `ip:port` texts (`[ip]:port` for IPv6); none means the system's own. `zones` sends a suffix to
    name servers of its own, the longest suffix wins. `dial_map` leads (address, port) to a loopback port. In a `closed`
    network nothing but the dial map is ever dialled. `own_addresses` are our public addresses, never dialled. `ca_file`
    is trusted in addition to the system's authorities. `responder_key` is what our port responders sign with. `inside`
    are private networks whose addresses may be dialled all the same (`10.1.0.0/16`): never set where probes dial.
    """

    nameservers: tuple[str, ...] = ()
    zones: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dial_map: Mapping[str, str] = field(default_factory=dict)
    closed: bool = False
    helo_name: str = "localhost"
    allowed_ports: frozenset[int] = PORTS
    own_addresses: frozenset[str] = frozenset()
    ca_file: str = ""
    responder_key: str = field(default="", repr=False)
    inside: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        zones = {_suffix(zone): tuple(servers) for zone, servers in self.zones.items()}
        for servers in (self.nameservers, *zones.values()):
            for server in servers:
                parse_endpoint(server)
        for source, target in self.dial_map.items():
            parse_endpoint(source)
            _loopback(target)
        for address in self.own_addresses:
            _address(address, address)
        for network in self.inside:
            ip_network(network)
        if not _HELO_NAME.fullmatch(self.helo_name):
            raise ValueError(f"helo_name: {self.helo_name!r} is neither a host name nor an address in brackets")
        object.__setattr__(self, "zones", MappingProxyType(zones))
        object.__setattr__(self, "dial_map", MappingProxyType(dict(self.dial_map)))

    @property
    def inner_networks(self) -> Networks:
        """The private networks that may be dialled, parsed."""
        return tuple(map(ip_network, self.inside))

    @property
    def dials(self) -> Mapping[Endpoint, Endpoint]:
        """The dial map, parsed."""
        return {parse_endpoint(source): parse_endpoint(target) for source, target in self.dial_map.items()}


def parse_endpoint(text: str) -> Endpoint:
    """`192.0.2.1:53` or `[2001:db8::1]:53`; raises ValueError, saying what is wrong."""
    match = _ENDPOINT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not an address and a port, like 192.0.2.1:53 or [2001:db8::1]:53")
    port = int(match["port"])
    if not 0 < port < 65536:
        raise ValueError(f"{text!r}: port {port} is not between 1 and 65535")
    return Endpoint(_address(match["v6"] or match["v4"], text), port)


def load_dial_map(path: str | Path) -> dict[str, str]:
    """A JSON file such as `{"198.51.100.7:25": "127.0.0.1:2501"}`.

    Raises ValueError naming the file and what is wrong with it.
    """
    try:
        loaded = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as problem:
        raise ValueError(f"dial map {path}: cannot be read ({problem.strerror})") from problem
    except ValueError as problem:
        raise ValueError(f"dial map {path}: is not JSON ({problem})") from problem
    return check_dial_map(loaded, f"dial map {path}")


def check_dial_map(loaded: object, name: str) -> dict[str, str]:
    """The object as a dial map; raises ValueError that begins with `name`."""
    if not isinstance(loaded, dict) or not all(isinstance(part, str) for pair in loaded.items() for part in pair):
        raise ValueError(f"{name}: must be an object of texts, address:port to loopback address:port")
    for source, target in loaded.items():
        try:
            parse_endpoint(source)
            _loopback(target)
        except ValueError as problem:
            raise ValueError(f"{name}: {problem}") from problem
    return dict(loaded)


_ENDPOINT = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<v4>[0-9.]+)):(?P<port>[0-9]{1,5})")
_HELO_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Za-z:.]+\]")


def _address(text: str, entry: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError as problem:
        raise ValueError(f"{entry!r}: {text!r} is not an IP address") from problem


def _loopback(text: str) -> None:
    if not ip_address(parse_endpoint(text).address).is_loopback:
        raise ValueError(f"{text!r}: a dial map may lead to loopback addresses only")


def _suffix(zone: str) -> str:
    suffix = zone.strip(".").lower()
    if not suffix:
        raise ValueError("zones: the empty suffix is what nameservers is for")
    return suffix
