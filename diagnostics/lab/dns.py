"""The mini internet's name server: authoritative for its zones, on UDP and TCP, on loopback."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import cast

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.rrset

from diagnostics.lab.behaviours import NameBehaviour
from diagnostics.lab.ports import LOOPBACK, Connections
from diagnostics.lab.scenario import Zone
from diagnostics.lab.tcp import drip

TTL = 5
LARGEST_UDP_ANSWER = 1232
"""Octets, as agreed on DNS flag day 2020; RFC 6891 section 6.2.5 leaves the choice to the server."""
SMALLEST_UDP_ANSWER = 512
LARGEST_TCP_ANSWER = 65535
LONGEST_ALIAS_CHAIN = 8
DRIP_SECONDS = 1.0


class Names:
    """The zones' data, ready to be looked up."""

    def __init__(self, zones: Iterable[str], data: Iterable[Zone], delays: Mapping[str, float] | None = None) -> None:
        """`delays`: seconds by name, counted for the names below it, too."""
        self._delays = {dns.name.from_text(name): seconds for name, seconds in (delays or {}).items()}
        self._apexes = {dns.name.from_text(zone): _start_of_authority(zone) for zone in zones}
        self._records: dict[tuple[dns.name.Name, dns.rdatatype.RdataType], dns.rrset.RRset] = {}
        self._existing: set[dns.name.Name] = set()
        self._behaviours: dict[dns.name.Name, NameBehaviour] = {}
        for zone in data:
            self._add(zone)

    def apex(self, name: dns.name.Name) -> dns.name.Name | None:
        """The longest zone that holds the name; None where we have no say."""
        return next((above for above in _upwards(name) if above in self._apexes), None)

    def authority(self, apex: dns.name.Name) -> dns.rrset.RRset:
        return self._apexes[apex]

    def behaviour(self, name: dns.name.Name) -> NameBehaviour | None:
        return next((self._behaviours[above] for above in _upwards(name) if above in self._behaviours), None)

    def delay(self, name: dns.name.Name) -> float:
        """Seconds that pass before the answer."""
        return next((self._delays[above] for above in _upwards(name) if above in self._delays), 0.0)

    def records(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> dns.rrset.RRset | None:
        return self._records.get((name, rdtype))

    def exists(self, name: dns.name.Name) -> bool:
        """Whether the name or one below it has records (RFC 8020)."""
        return name in self._existing

    def _add(self, zone: Zone) -> None:
        for text, records in zone.items():
            name = dns.name.from_text(text)
            if isinstance(records, NameBehaviour):
                self._behaviours[name] = records
                continue
            self._existing.update(_upwards(name))
            for rdtype, entries in records.items():
                rrset = dns.rrset.from_text_list(name, TTL, "IN", rdtype, entries)
                self._records[name, rrset.rdtype] = rrset


@asynccontextmanager
async def serving(names: Names, *, spare: bool = False) -> AsyncIterator[str]:
    """Answer until the block ends; gives `ip:port`, the same port for UDP and TCP.

    The `spare` name server knows the same, but keeps silent where a behaviour is one of the first alone.
    """
    loop = asyncio.get_running_loop()
    connections = Connections()
    udp, tcp = twin_sockets()
    endpoint, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(names, spare), sock=udp)
    server = await loop.create_server(lambda: _Stream(names, spare, connections), sock=tcp)
    try:
        yield f"{LOOPBACK}:{tcp.getsockname()[1]}"
    finally:
        endpoint.close()
        server.close()
        connections.abort()


def answer(names: Names, query: dns.message.Message, *, spare: bool = False) -> dns.message.Message | None:
    """The response to a query; None where the lab keeps silent."""
    response = dns.message.make_response(query, recursion_available=True)
    if query.opcode() != dns.opcode.QUERY or len(query.question) != 1:
        response.set_rcode(dns.rcode.NOTIMP)
        return response
    question = query.question[0]
    match names.behaviour(question.name):
        case NameBehaviour.SILENT:
            return None
        case NameBehaviour.FAILS_AT_ONE | NameBehaviour.GONE_AT_ONE if spare:
            return None
        case NameBehaviour.SERVFAIL | NameBehaviour.FAILS_AT_ONE:
            response.set_rcode(dns.rcode.SERVFAIL)
        case NameBehaviour.LAME:
            _fail(response, dns.edns.EDECode.NO_REACHABLE_AUTHORITY)
        case NameBehaviour.BOGUS if not query.flags & dns.flags.CD:
            _fail(response, dns.edns.EDECode.DNSSEC_BOGUS)
        case NameBehaviour.BOGUS | NameBehaviour.GONE_AT_ONE | NameBehaviour.DRIPS | None:
            _look_up(names, question.name, question.rdtype, response)
    return response


def _fail(response: dns.message.Message, why: dns.edns.EDECode) -> None:
    """SERVFAIL with its reason (RFC 8914), for those who speak EDNS."""
    response.set_rcode(dns.rcode.SERVFAIL)
    if response.edns >= 0:
        response.use_edns(response.edns, options=[dns.edns.EDEOption(why)])


def _look_up(names: Names, name: dns.name.Name, rdtype: dns.rdatatype.RdataType, response: dns.message.Message) -> None:
    """Fill in the records, following aliases as far as our own zones go (RFC 1034 section 4.3.2)."""
    if names.apex(name) is None:
        response.set_rcode(dns.rcode.REFUSED)
        return
    response.flags |= dns.flags.AA
    for _ in range(LONGEST_ALIAS_CHAIN):
        apex = names.apex(name)
        if apex is None:
            return
        if found := names.records(name, rdtype):
            response.answer.append(found)
            return
        alias = names.records(name, dns.rdatatype.CNAME)
        if alias is None:
            response.authority.append(names.authority(apex))
            if not names.exists(name):
                response.set_rcode(dns.rcode.NXDOMAIN)
            return
        response.answer.append(alias)
        name = alias[0].target


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, names: Names, spare: bool) -> None:
        self._names = names
        self._spare = spare

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not a subclass on every event loop, but always what it does.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = _read(data)
        response = query and answer(self._names, query, spare=self._spare)
        if query is None or response is None:
            return
        if _drips(self._names, query):
            response.flags |= dns.flags.TC
            response.answer.clear()
        offered = min(query.payload, LARGEST_UDP_ANSWER) if query.edns >= 0 else SMALLEST_UDP_ANSWER
        size = max(offered, SMALLEST_UDP_ANSWER)
        wire = response.to_wire(max_size=size, prefer_truncation=True)
        _later(_delay(self._names, query), lambda: self._send(wire, addr))

    def _send(self, wire: bytes, addr: tuple[str, int]) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(wire, addr)


class _Stream(asyncio.Protocol):
    """Queries with their length in front (RFC 1035 section 4.2.2)."""

    def __init__(self, names: Names, spare: bool, connections: Connections) -> None:
        self._names = names
        self._spare = spare
        self._connections = connections
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = self._connections.add(transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while len(self._received) >= 2:
            end = 2 + int.from_bytes(self._received[:2], "big")
            if len(self._received) < end:
                return
            message, self._received = self._received[2:end], self._received[end:]
            query = _read(message)
            response = query and answer(self._names, query, spare=self._spare)
            if query is not None and response is not None:
                self._write_later(query, response.to_wire(max_size=LARGEST_TCP_ANSWER, prepend_length=True))

    def _write_later(self, query: dns.message.Message, wire: bytes) -> None:
        if _drips(self._names, query):
            drip(self._transport, wire, DRIP_SECONDS)
            return
        _later(_delay(self._names, query), lambda: self._transport.write(wire))


def _drips(names: Names, query: dns.message.Message) -> bool:
    return any(names.behaviour(asked.name) is NameBehaviour.DRIPS for asked in query.question)


def _delay(names: Names, query: dns.message.Message) -> float:
    return names.delay(query.question[0].name) if query.question else 0.0


def _later(seconds: float, do: Callable[[], object]) -> None:
    if seconds:
        asyncio.get_running_loop().call_later(seconds, do)
    else:
        do()


def _read(wire: bytes) -> dns.message.Message | None:
    try:
        query = dns.message.from_wire(wire)
    except dns.exception.DNSException:
        return None
    return None if query.flags & dns.flags.QR else query


RECEIVE_BUFFER = 1 << 20
"""Bytes asked of the system, as name servers do, so that the questions of many cases at once find room."""


def twin_sockets() -> tuple[socket.socket, socket.socket]:
    """A UDP and a listening TCP socket on one free port."""
    while True:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        udp.bind((LOOPBACK, 0))
        try:
            return udp, socket.create_server(udp.getsockname())
        except OSError as problem:
            udp.close()
            if problem.errno != errno.EADDRINUSE:
                raise


def _start_of_authority(zone: str) -> dns.rrset.RRset:
    """The SOA record for negative answers (RFC 2308). For a borrowed name the zone that would hold it signs."""
    owner = zone.partition(".")[2] or zone
    return dns.rrset.from_text(
        f"{owner}.", TTL, "IN", "SOA", f"ns.lab.test. hostmaster.lab.test. 1 3600 600 86400 {TTL}"
    )


def _upwards(name: dns.name.Name) -> Iterable[dns.name.Name]:
    """The name and every name above it, the root excepted."""
    while name != dns.name.root:
        yield name
        name = name.parent()
