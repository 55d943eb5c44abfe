"""Connects to hosts: look up, pass the guard, connect to that very address, and make sure it is the one that answered.

Where a dial map is set (the lab, a closed test network), a mapped (address, port) is dialled at its loopback port.
Documentation addresses count as public there, but only mapped ones are dialled: any other is filtered, as by a silent
firewall, and no packet leaves. In a closed network that holds for every address. Private and loopback addresses are
refused everywhere, mapped or not.
"""

from __future__ import annotations

import asyncio
import errno
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from ipaddress import ip_address
from time import perf_counter
from typing import Generic, TypeVar

from diagnostics.domain import Connection, ConnectOutcome, DnsStatus
from diagnostics.net.config import Endpoint, NetworkConfig
from diagnostics.net.guard import Networks, is_address, is_allowed
from diagnostics.net.resolver import Resolver
from diagnostics.net.tls import problem_text, session, start_tls, unverifying_context, verifying_context
from diagnostics.plain import plain

P = TypeVar("P", bound=asyncio.BaseProtocol)
MAX_ADDRESSES = 4
MAX_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class DialLimits:
    """Seconds: for one TCP handshake, for one TLS handshake, and for all addresses of a host together."""

    connect: float = 5.0
    tls: float = 5.0
    total: float = 9.0


DEFAULT_LIMITS = DialLimits()


@dataclass(frozen=True)
class Link(Generic[P]):
    """An open connection; whoever dialled it closes it."""

    transport: asyncio.Transport
    protocol: P


@dataclass(frozen=True)
class Dialled(Generic[P]):
    """What came of dialling. `link` is there exactly if the outcome is OPEN."""

    outcome: ConnectOutcome
    address: str = ""
    detail: str = ""
    link: Link[P] | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """A host's addresses, IPv4 first; or, where there are none, why."""

    addresses: tuple[str, ...]
    failure: ConnectOutcome = ConnectOutcome.DNS_FAILURE
    detail: str = ""


@dataclass(slots=True)
class Dialer:
    """For use on one event loop. Raises OSError only where this machine itself has no sockets left."""

    config: NetworkConfig
    resolver: Resolver
    limits: DialLimits = DEFAULT_LIMITS
    _dials: dict[Endpoint, Endpoint] = field(init=False)
    _inside: Networks = field(init=False)
    _at_once: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._dials = dict(self.config.dials)
        self._inside = self.config.inner_networks
        self._at_once = asyncio.Semaphore(MAX_AT_ONCE)

    async def connect(self, host: str, port: int, *, tls: bool = False) -> Connection:
        """One attempt to reach a host, IPv4 first; with `tls` the handshake and the certificate count, too."""
        async with self._at_once:
            found = await self._look_up(host)
            started = perf_counter()
            dialled = await self._first(found, port, asyncio.Protocol)
            elapsed_ms = round((perf_counter() - started) * 1000)
            seen = Connection(host, port, dialled.outcome, dialled.address, elapsed_ms, detail=dialled.detail)
            if dialled.link is not None:
                if tls:
                    seen = await self._shake_hands(seen, dialled.link)
                    seen = replace(seen, elapsed_ms=round((perf_counter() - started) * 1000))
                dialled.link.transport.abort()
            return seen

    async def dial(
        self, host: str, port: int, protocol: Callable[[], P], addresses: tuple[str, ...] = ()
    ) -> Dialled[P]:
        """An open connection to the first address that takes one.

        The host is looked up where no addresses are given.
        """
        async with self._at_once:
            found = _Found(addresses) if addresses else await self._look_up(host)
            return await self._first(found, port, protocol)

    async def _look_up(self, host: str) -> _Found:
        if is_address(host):
            return _Found((host,))
        asked = [self.resolver.resolve(host, rdtype) for rdtype in ("A", "AAAA")]
        answers = [await one for one in asked]
        if addresses := tuple(record for answer in answers for record in answer.records):
            return _Found(addresses)
        statuses = {answer.status for answer in answers}
        if DnsStatus.UNANSWERED in statuses:
            return _Found((), ConnectOutcome.DNS_UNANSWERED, "the name could not be looked up")
        gone = DnsStatus.NO_SUCH_NAME in statuses
        return _Found((), ConnectOutcome.DNS_FAILURE, "no such name" if gone else "the name has no address")

    async def _first(self, found: _Found, port: int, protocol: Callable[[], P]) -> Dialled[P]:
        if port not in self.config.allowed_ports:
            return Dialled(ConnectOutcome.NOT_PUBLIC, detail=f"port {port} is not one that may be dialled")
        if not found.addresses:
            return Dialled(found.failure, detail=found.detail)
        allowed = [address for address in found.addresses if self._is_allowed(address)]
        if not allowed:
            return Dialled(ConnectOutcome.NOT_PUBLIC, plain(found.addresses[0], 45), "not a public address")
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.limits.total
        failures: list[Dialled[P]] = []
        for address in allowed[:MAX_ADDRESSES]:
            seconds = min(self.limits.connect, deadline - loop.time())
            if seconds <= 0:
                break
            dialled = await self._dial(Endpoint(_usual_spelling(address), port), protocol, seconds)
            if dialled.outcome is ConnectOutcome.OPEN:
                return dialled
            failures.append(dialled)
        return min(failures, key=lambda failure: _TELLING.index(failure.outcome))

    def _is_allowed(self, address: str) -> bool:
        lab = self.config.closed or bool(self._dials)
        return is_allowed(address, own=self.config.own_addresses, documentation=lab, inside=self._inside)

    async def _dial(self, wanted: Endpoint, protocol: Callable[[], P], seconds: float) -> Dialled[P]:
        target = self._dials.get(wanted)
        if target is None:
            if self.config.closed or not is_allowed(wanted.address, inside=self._inside):
                return Dialled(ConnectOutcome.FILTERED, wanted.address, "not part of this test network")
            target = wanted
        try:
            async with asyncio.timeout(seconds):
                transport, connected = await asyncio.get_running_loop().create_connection(
                    protocol, target.address, target.port
                )
        except TimeoutError:
            return Dialled(ConnectOutcome.FILTERED, wanted.address, "no answer in time")
        except ConnectionRefusedError:
            return Dialled(ConnectOutcome.REFUSED, wanted.address, "connection refused")
        except ConnectionResetError:
            # It was open: a server that listens took the connection and broke it before we looked.
            return Dialled(ConnectOutcome.REFUSED, wanted.address, CONNECTION_RESET)
        except OSError as problem:
            if problem.errno in _OURS:
                raise
            return Dialled(ConnectOutcome.UNREACHABLE, wanted.address, _reason(problem))
        if not is_peer(transport.get_extra_info("peername"), target):
            transport.abort()
            return Dialled(ConnectOutcome.NOT_PUBLIC, wanted.address, "another address answered")
        return Dialled(ConnectOutcome.OPEN, wanted.address, link=Link(transport, connected))

    async def _shake_hands(self, seen: Connection, link: Link[asyncio.Protocol]) -> Connection:
        try:
            version, who = await self._handshake(link, seen.host, verifying_context(self.config.ca_file))
        except ssl.SSLCertVerificationError as problem:
            unverified = await self._read_certificate(seen)
            return replace(unverified, outcome=ConnectOutcome.TLS_FAILURE, detail=problem_text(problem))
        except ssl.SSLError as problem:
            return replace(seen, outcome=ConnectOutcome.TLS_FAILURE, detail=problem_text(problem))
        except (TimeoutError, ConnectionAbortedError):  # The second is asyncio's own time limit for handshakes.
            return replace(seen, outcome=ConnectOutcome.TLS_FAILURE, detail="no TLS answer in time")
        except OSError:
            return replace(
                seen, outcome=ConnectOutcome.TLS_FAILURE, detail="connection closed during the TLS handshake"
            )
        return replace(seen, tls_version=version, tls_issuer=who)

    async def _read_certificate(self, seen: Connection) -> Connection:
        """A second handshake that trusts anything, only to learn who issued the certificate that was not trusted."""
        dialled = await self._dial(Endpoint(seen.address, seen.port), asyncio.Protocol, self.limits.connect)
        if dialled.link is None:
            return seen
        try:
            version, who = await self._handshake(dialled.link, seen.host, unverifying_context())
        except (OSError, TimeoutError):
            return seen
        finally:
            dialled.link.transport.abort()
        return replace(seen, tls_version=version, tls_issuer=who)

    async def _handshake(self, link: Link[asyncio.Protocol], host: str, context: ssl.SSLContext) -> tuple[str, str]:
        async with asyncio.timeout(self.limits.tls):
            secured = await start_tls(link.transport, link.protocol, host, context)
        version, who = session(secured)
        secured.abort()
        return version, who


def is_peer(peername: object, wanted: Endpoint) -> bool:
    """Whether a socket's peer name is the address and port that was dialled."""
    if not isinstance(peername, tuple) or len(peername) < 2:
        return False
    if peername[:2] == (wanted.address, wanted.port):
        return True
    if not is_address(str(peername[0])):
        return False
    return Endpoint(str(ip_address(peername[0])), peername[1]) == wanted


CONNECTION_RESET = "connection reset"
_TELLING = (
    ConnectOutcome.REFUSED,
    ConnectOutcome.FILTERED,
    ConnectOutcome.UNREACHABLE,
    ConnectOutcome.NOT_PUBLIC,
)
"""Where no address of a host took the connection, the outcome that says most about the host is reported."""

_OURS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""Our own shortages say nothing about the other side."""


@lru_cache(maxsize=4096)
def _usual_spelling(address: str) -> str:
    return str(ip_address(address))


def _reason(problem: OSError) -> str:
    return (errno.errorcode.get(problem.errno or 0, "") or "unreachable").lower()
