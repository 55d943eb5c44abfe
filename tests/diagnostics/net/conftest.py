"""Small real servers on loopback: name servers that say what a test writes down, TCP servers that count who comes."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
import trustme
import uvloop

from diagnostics.lab.dns import twin_sockets
from diagnostics.net.config import Endpoint, NetworkConfig
from diagnostics.net.dialer import DEFAULT_LIMITS as DIAL_LIMITS
from diagnostics.net.dialer import DialLimits
from diagnostics.net.exchange import Exchange
from diagnostics.net.live import LiveNetwork
from diagnostics.net.resolver import DEFAULT_LIMITS as DNS_LIMITS
from diagnostics.net.resolver import DnsLimits
from diagnostics.net.wire import SmtpLimits

QUICK_DNS = DnsLimits(query=0.3, hedge=0.2, total=1.0)
QUICK_DIAL = DialLimits(connect=0.5, tls=0.5, total=1.0)
QUICK_SMTP = SmtpLimits(banner=0.4, reply=0.4, content=0.4, tls=0.4, quit=0.2, total=1.2)


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The worker runs on uvloop, commands and tests may run on asyncio's own: both must see the same."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


Answer = list[str] | dns.rcode.Rcode | Callable[["NameServer", dns.message.Message], list[bytes]]


@dataclass
class NameServer:
    """Answers from `records`: (name, type) to presentation texts, a response code, or a function that makes packets."""

    records: dict[tuple[str, str], Answer] = field(default_factory=dict)
    default: Answer = dns.rcode.NXDOMAIN
    ttl: int = 60
    asked: list[tuple[str, str]] = field(default_factory=list)
    over_tcp: int = 0
    endpoint: str = ""

    def packets(self, wire: bytes) -> list[bytes]:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        key = (question.name.to_text().rstrip(".").lower(), dns.rdatatype.to_text(question.rdtype))
        self.asked.append(key)
        answer = self.records.get(key, self.default)
        if callable(answer):
            return answer(self, query)
        if isinstance(answer, dns.rcode.Rcode):
            return [reply(query, rcode=answer).to_wire()]
        return [reply(query, answer, ttl=self.ttl).to_wire()]


def reply(
    query: dns.message.Message,
    texts: list[str] | None = None,
    *,
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR,
    ttl: int = 60,
    soa: bool = True,
) -> dns.message.Message:
    """A response; `texts` starting with "CNAME " are aliases of the name asked for."""
    response = dns.message.make_response(query)
    response.set_rcode(rcode)
    question = query.question[0]
    for text in texts or []:
        kind, data = ("CNAME", text[6:]) if text.startswith("CNAME ") else (question.rdtype, text)
        response.answer.append(dns.rrset.from_text(question.name, ttl, "IN", kind, data))
    if not texts and soa and rcode in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        response.authority.append(dns.rrset.from_text("test.", ttl, "IN", "SOA", f"ns.test. h.test. 1 2 3 4 {ttl}"))
    return response


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self.server = server

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        with contextlib.suppress(dns.exception.DNSException):
            for packet in self.server.packets(data):
                self.transport.sendto(packet, addr)


@contextlib.asynccontextmanager
async def name_server(server: NameServer) -> AsyncIterator[NameServer]:
    async def tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.over_tcp += 1
        length = int.from_bytes(await reader.readexactly(2), "big")
        for packet in server.packets(await reader.readexactly(length)):
            writer.write(len(packet).to_bytes(2, "big") + packet)
        writer.close()

    udp_socket, tcp_socket = twin_sockets()
    port = tcp_socket.getsockname()[1]
    listener = await asyncio.start_server(tcp, sock=tcp_socket)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Udp(server), sock=udp_socket)
    server.endpoint = f"127.0.0.1:{port}"
    try:
        yield server
    finally:
        transport.close()
        listener.close()


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Listener:
    """A TCP server: `connections` counts who came, `endpoint` is where."""

    endpoint: str
    connections: int = 0
    received: list[bytes] = field(default_factory=list)


@contextlib.asynccontextmanager
async def listener(talk: Talk | None = None, tls: ssl.SSLContext | None = None) -> AsyncIterator[Listener]:
    tasks: set[asyncio.Task | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.connections += 1
        tasks.add(asyncio.current_task())
        try:
            if tls is not None:
                await writer.start_tls(tls)
            if talk is not None:
                await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    found = Listener(f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        yield found
    finally:
        server.close()
        served = [task for task in tasks if task is not None]
        for task in served:
            task.cancel()
        await asyncio.gather(*served, return_exceptions=True)


@pytest.fixture
async def dns_server() -> AsyncIterator[NameServer]:
    async with name_server(NameServer()) as server:
        yield server


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA(organization_name="Example Test Authority")


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(scope="session")
def server_tls(authority: trustme.CA) -> Callable[..., ssl.SSLContext]:
    def make(*names: str) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(*names).configure_cert(context)
        return context

    return make


def network(*, dns: DnsLimits = DNS_LIMITS, dial: DialLimits = DIAL_LIMITS, **config: Any) -> LiveNetwork:
    """Patient, but for conversations with mail servers: only a test of silence need be quick to give up."""
    return LiveNetwork(NetworkConfig(**config), dns=dns, dial=dial, smtp=QUICK_SMTP)


@pytest.fixture
def closed_port() -> Iterator[str]:
    """A loopback endpoint where nobody listens, and nobody else can."""
    import socket

    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


async def open_socket(exchange: Exchange, server: Endpoint) -> None:
    """As a question to that name server leaves it."""
    loop = asyncio.get_running_loop()
    if exchange._loop is not loop:
        await exchange._start(loop)
    await exchange._sockets_to(server)._open_one()
