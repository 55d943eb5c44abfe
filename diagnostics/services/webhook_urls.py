"""Which addresses webhooks may be sent to, as far as the address itself tells.

Where a name leads is another matter: it may lead elsewhere tomorrow, so that is looked at when something is sent (see
`diagnostics.net.post`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

import idna
from django.conf import settings

from diagnostics.net.guard import is_address, is_allowed
from diagnostics.vendors import HOST_NAME

LONGEST = 500
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""A number as web addresses write it, hexadecimal too (WHATWG URL, "ends in a number")."""


class Fault(StrEnum):
    """Why an address cannot be sent to."""

    NOT_AN_ADDRESS = "not-an-address"
    NOT_HTTPS = "not-https"
    USER_NAME = "user-name"
    PORT = "port"
    PRIVATE = "private"


class UnusableUrl(Exception):
    """Nothing may be sent there."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where to connect and what to ask for; `target` is the path with its query."""

    host: str
    port: int
    target: str
    tls: bool


def receiver_of(url: str) -> Receiver:
    """Whom the address names. Raises UnusableUrl.

    `https://` to a public host; what else may be is up to the settings WEBHOOK_PORTS and WEBHOOK_ALLOW_PRIVATE.
    `http://` is for this very machine alone, where that is one of the allowed private networks.
    """
    parts, port = _parts(url)
    if parts.scheme not in ("https", "http"):
        raise UnusableUrl(Fault.NOT_HTTPS)
    if "@" in parts.netloc:
        raise UnusableUrl(Fault.USER_NAME)
    host = _host(parts.hostname or "")
    tls = parts.scheme == "https"
    if not tls and not (is_address(host) and ip_address(host).is_loopback):
        raise UnusableUrl(Fault.NOT_HTTPS)
    if is_address(host) and not _may_be_dialled(host):
        raise UnusableUrl(Fault.PRIVATE)
    port = port if port is not None else 443 if tls else 80
    if port not in settings.WEBHOOK_PORTS:
        raise UnusableUrl(Fault.PORT)
    return Receiver(host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), tls)


def _parts(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UnusableUrl(Fault.NOT_AN_ADDRESS) from None
    rest = parts.path + parts.query
    written = url.isprintable() and " " not in url and "\\" not in url and rest.isascii() and not parts.fragment
    if not (written and parts.scheme and parts.netloc and len(url) <= LONGEST):
        raise UnusableUrl(Fault.NOT_AN_ADDRESS)
    return parts, port


def _host(name: str) -> str:
    """In the form that is looked up: lower case, international names in their ASCII form."""
    if is_address(name):
        return str(ip_address(name))
    try:
        host = name if name.isascii() else idna.encode(name, uts46=True).decode()
    except idna.IDNAError:
        raise UnusableUrl(Fault.NOT_AN_ADDRESS) from None
    host = host.lower().rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        raise UnusableUrl(Fault.PRIVATE)
    # Such a last label makes it an odd way to write an IPv4 address (RFC 3696 section 2).
    if not HOST_NAME.fullmatch(host) or "." not in host or NUMBER.fullmatch(host.rpartition(".")[2]):
        raise UnusableUrl(Fault.NOT_AN_ADDRESS)
    return host


def _may_be_dialled(address: str) -> bool:
    return is_allowed(
        address,
        own=frozenset(settings.OWN_ADDRESSES),
        documentation=settings.LAB or settings.PROBE_CLOSED_NETWORK,
        inside=tuple(map(ip_network, settings.WEBHOOK_ALLOW_PRIVATE)),
    )
