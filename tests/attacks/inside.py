"""What an attacker wants us to reach: a host on the inside, and every way to write its address.

Its ports listen for real on a loopback address of their own, so tests that run at the same time do not meet. Nobody
accepts, so the kernel keeps whoever came; and beside it the interpreter tells whom this process tries to reach at all.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from diagnostics.net.config import PORTS, NetworkConfig
from diagnostics.net.live import LiveNetwork


@dataclass
class Inside:
    """A host at `address`; `ports` are those that could be opened (the low ones need a right that not everybody has).

    `reached` are the TCP endpoints that this process tried to connect to, listening or not; `looked_up` the names that
    it handed to the system's own resolver, past ours.
    """

    address: str
    ports: tuple[int, ...] = ()
    reached: list[object] = field(default_factory=list)
    looked_up: list[object] = field(default_factory=list)
    _sockets: list[socket.socket] = field(default_factory=list)

    @property
    def connections(self) -> int:
        """How many have come since the last look."""
        return sum(_waiting(one) for one in self._sockets)


@contextmanager
def inside() -> Iterator[Inside]:
    pid = os.getpid()
    host = Inside(f"127.{66 + (pid >> 16 & 127)}.{pid >> 8 & 255}.{pid & 255 or 1}")
    for port in sorted(PORTS):
        listening = socket.socket()
        listening.setblocking(False)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host.address, port))
        except PermissionError:
            listening.close()
            continue
        listening.listen(64)
        host.ports += (port,)
        host._sockets.append(listening)
    _watching.append(host)
    try:
        yield host
    finally:
        _watching.remove(host)
        for one in host._sockets:
            one.close()


def production(**config: Any) -> LiveNetwork:
    """The network with the time limits of production: a busy machine changes no answer."""
    return LiveNetwork(NetworkConfig(**config))


def spellings(address: str) -> dict[str, str]:
    """Addresses that are, or carry, the IPv4 address of the inside; by what they are."""
    v4 = IPv4Address(address)
    high, low = int(v4) >> 16, int(v4) & 0xFFFF
    flipped = int(v4) ^ 0xFFFFFFFF
    return {
        "as it is": address,
        "any address of this machine": "0.0.0.0",  # noqa: S104
        "loopback": "::1",
        "unspecified": "::",
        "IPv4-mapped": f"::ffff:{high:x}:{low:x}",
        "IPv4-compatible": f"::{high:x}:{low:x}",
        "IPv4-translated": f"::ffff:0:{high:x}:{low:x}",
        "NAT64": f"64:ff9b::{high:x}:{low:x}",
        "local NAT64": f"64:ff9b:1::{high:x}:{low:x}",
        "6to4": f"2002:{high:x}:{low:x}::1",
        "Teredo, as the client": f"2001:0:cb00:7101:0:ffff:{flipped >> 16:x}:{flipped & 0xFFFF:x}",
        "Teredo, as the server": f"2001:0:{high:x}:{low:x}::1",
        "ISATAP": f"fe80::5efe:{high:x}:{low:x}",
        "ISATAP, site-local": f"fec0::5efe:{high:x}:{low:x}",
        "unique local": "fd00::1",
        "private": "10.0.0.1",
        "cloud metadata": "169.254.169.254",
        "cloud metadata, IPv6": "fd00:ec2::254",
        "cloud metadata, mapped": "::ffff:a9fe:a9fe",
        "cloud metadata, NAT64": "64:ff9b::a9fe:a9fe",
        "carrier-grade NAT": "100.100.100.200",
        "platform address": "168.63.129.16",
    }


def host_names(address: str) -> tuple[str, ...]:
    """What programs that are less strict than they should be read as the inside's address, as host names."""
    a, b, c, d = map(int, address.split("."))
    whole = int(IPv4Address(address))
    return (
        address,
        f"{a:#o}.{b:#o}.{c:#o}.{d:#o}".replace("0o", "0"),
        f"0{a:o}.{b}.{c}.{d}",
        f"{a:#x}.{b:#x}.{c:#x}.{d:#x}",
        f"{whole:#x}",
        f"{whole}",
        f"{whole:o}".zfill(12),
        f"{a}.{whole & 0xFFFFFF}",
        f"{a}.{b}.{whole & 0xFFFF}",
        f"{a:03}.{b:03}.{c:03}.{d:03}",
        f"[{address}]",
        f"[IPv6:::ffff:{address}]",
        f"::ffff:{address}",
        "::1",
        "[::1]",
        "127.1",
        "0",
        "0x7f.1",
        "localhost",
        "localhost.localdomain",
        "metadata.google.internal",
    )


def _waiting(listening: socket.socket) -> int:
    count = 0
    with suppress(BlockingIOError):
        while True:
            listening.accept()[0].close()
            count += 1
    return count


_watching: list[Inside] = []


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if not _watching:
        return
    if event == "socket.connect":
        asked, target = arguments
        if isinstance(asked, socket.socket) and asked.type == socket.SOCK_STREAM and asked.family != socket.AF_UNIX:
            for host in _watching:
                host.reached.append(target)
    elif event == "socket.getaddrinfo" and not _is_address(arguments[0]):
        for host in _watching:
            host.looked_up.append(arguments[0])


def _is_address(host: object) -> bool:
    try:
        return isinstance(ip_address(str(host)), IPv4Address | IPv6Address)
    except ValueError:
        return False


sys.addaudithook(_watch)  # for as long as the process lives: Python knows no way to take one off
