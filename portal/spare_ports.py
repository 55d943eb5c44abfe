"""Ports of loopback for servers that are to listen on any."""

import errno
import random
import socket

UNASSIGNED = range(20_000, 32_000)
"""Below what Linux (32768) and others (49152, RFC 6335) give to whoever asks for any port: else somebody's connection
might get one of them before its server listens.
"""


def free_ports(number: int) -> list[int]:
    """Different ports that nobody listens on."""
    found: list[int] = []
    for port in random.sample(UNASSIGNED, len(UNASSIGNED)):  # noqa: S311 - no secret
        if len(found) == number:
            break
        with socket.socket() as candidate:
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
    if len(found) < number:
        raise OSError(errno.EADDRINUSE, "there are no free ports on this machine")
    return found


def free_port() -> int:
    return free_ports(1)[0]
