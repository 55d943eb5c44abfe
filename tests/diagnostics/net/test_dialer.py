"""Connecting: every outcome is a value, and nothing but what the guard allows is ever connected to."""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import Iterator
from time import perf_counter

import dns.rcode
import pytest

from diagnostics.domain import ConnectOutcome
from diagnostics.net.config import Endpoint
from diagnostics.net.dialer import is_peer

from .conftest import QUICK_DIAL, Answer, listener, network


async def stay_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)


async def speak_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await reader.read()


@pytest.fixture
def full_queue() -> Iterator[str]:
    """A loopback endpoint that drops every SYN, as a firewall would: its queue of connections is full."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield f"127.0.0.1:{server.getsockname()[1]}"
        for client in waiting:
            client.close()


async def test_an_open_port_is_open() -> None:
    async with listener() as server:
        seen = await network(dial_map={"203.0.113.1:443": server.endpoint}).connect("203.0.113.1", 443)
    assert (seen.outcome, seen.address, seen.port, seen.detail) == (ConnectOutcome.OPEN, "203.0.113.1", 443, "")
    assert server.connections == 1


async def test_a_closed_port_is_refused(closed_port) -> None:
    seen = await network(dial_map={"203.0.113.1:80": closed_port}).connect("203.0.113.1", 80)
    assert seen.outcome is ConnectOutcome.REFUSED


async def test_a_port_where_packets_vanish_is_filtered(full_queue) -> None:
    seen = await network(dial=QUICK_DIAL, dial_map={"203.0.113.1:80": full_queue}).connect("203.0.113.1", 80)
    assert seen.outcome is ConnectOutcome.FILTERED
    assert QUICK_DIAL.connect * 1000 <= seen.elapsed_ms <= QUICK_DIAL.connect * 1000 + 3000


async def test_an_address_outside_a_closed_network_is_filtered_without_a_packet() -> None:
    started = perf_counter()
    seen = await network(closed=True).connect("8.8.8.8", 443)
    assert (seen.outcome, seen.address) == (ConnectOutcome.FILTERED, "8.8.8.8")
    assert perf_counter() - started < QUICK_DIAL.connect


async def test_a_documentation_address_without_a_mapping_is_filtered_where_a_lab_is_set() -> None:
    async with listener() as server:
        net = network(dial_map={"203.0.113.1:443": server.endpoint})
        assert (await net.connect("203.0.113.2", 443)).outcome is ConnectOutcome.FILTERED
        assert (await net.connect("203.0.113.1", 80)).outcome is ConnectOutcome.FILTERED
    assert server.connections == 0


async def test_a_documentation_address_is_not_public_in_the_open() -> None:
    assert (await network().connect("203.0.113.1", 443)).outcome is ConnectOutcome.NOT_PUBLIC


@pytest.mark.parametrize(
    ("a", "aaaa", "outcome", "detail"),
    [
        (dns.rcode.NXDOMAIN, dns.rcode.NXDOMAIN, ConnectOutcome.DNS_FAILURE, "no such name"),
        ([], [], ConnectOutcome.DNS_FAILURE, "the name has no address"),
        (dns.rcode.SERVFAIL, dns.rcode.SERVFAIL, ConnectOutcome.DNS_UNANSWERED, "the name could not be looked up"),
        ([], dns.rcode.SERVFAIL, ConnectOutcome.DNS_UNANSWERED, "the name could not be looked up"),
        (["203.0.113.1"], dns.rcode.SERVFAIL, ConnectOutcome.OPEN, ""),
        (dns.rcode.SERVFAIL, ["2001:db8::1"], ConnectOutcome.OPEN, ""),
        (["203.0.113.99"], ["2001:db8::1"], ConnectOutcome.OPEN, ""),
        (["10.0.0.1", "203.0.113.1"], [], ConnectOutcome.OPEN, ""),
        (["203.0.113.99"], ["2001:db8::99"], ConnectOutcome.FILTERED, "not part of this test network"),
    ],
    ids=[
        "no such name",
        "no address",
        "not looked up",
        "half looked up",
        "IPv4 alone",
        "IPv6 alone",
        "IPv4 fails, IPv6 works",
        "a private address beside a public one",
        "no address works",
    ],
)
async def test_a_host_is_looked_up_and_its_addresses_are_tried(dns_server, a, aaaa, outcome, detail) -> None:
    dns_server.records = {("host.test", "A"): a, ("host.test", "AAAA"): aaaa}
    async with listener() as server:
        dial_map = {"203.0.113.1:443": server.endpoint, "[2001:db8::1]:443": server.endpoint}
        seen = await network(nameservers=(dns_server.endpoint,), dial_map=dial_map).connect("host.test", 443)
    assert (seen.outcome, seen.detail) == (outcome, detail)


async def test_a_refusal_says_more_than_silence(dns_server, closed_port) -> None:
    dns_server.records = {("host.test", "A"): ["203.0.113.1", "203.0.113.2"], ("host.test", "AAAA"): []}
    net = network(nameservers=(dns_server.endpoint,), dial_map={"203.0.113.2:443": closed_port})
    seen = await net.connect("host.test", 443)
    assert (seen.outcome, seen.address) == (ConnectOutcome.REFUSED, "203.0.113.2")


async def test_a_port_that_nobody_listed_is_not_dialled() -> None:
    async with listener() as server:
        net = network(dial_map={"203.0.113.1:22": server.endpoint})
        assert (await net.connect("203.0.113.1", 22)).outcome is ConnectOutcome.NOT_PUBLIC
        more = network(dial_map={"203.0.113.1:22": server.endpoint}, allowed_ports=frozenset({22}))
        assert (await more.connect("203.0.113.1", 22)).outcome is ConnectOutcome.OPEN
    assert server.connections == 1


# --- TLS -------------------------------------------------------------------------------------------------------------


async def test_a_verified_certificate_names_its_issuer(dns_server, server_tls, ca_file) -> None:
    dns_server.records["host.test", "A"] = ["203.0.113.1"]
    async with listener(stay_silent, server_tls("host.test")) as server:
        net = network(
            nameservers=(dns_server.endpoint,), dial_map={"203.0.113.1:443": server.endpoint}, ca_file=ca_file
        )
        seen = await net.connect("host.test", 443, tls=True)
    assert seen.outcome is ConnectOutcome.OPEN
    assert seen.tls_version == "TLSv1.3"
    assert seen.tls_issuer == "Example Test Authority"


@pytest.mark.parametrize("trusted", [False, True], ids=["unknown authority", "another name"])
async def test_a_certificate_that_fails_is_read_all_the_same(dns_server, server_tls, ca_file, trusted) -> None:
    dns_server.records["host.test", "A"] = ["203.0.113.1"]
    async with listener(stay_silent, server_tls("other.test")) as server:
        net = network(
            nameservers=(dns_server.endpoint,),
            dial_map={"203.0.113.1:443": server.endpoint},
            ca_file=ca_file if trusted else "",
        )
        seen = await net.connect("host.test", 443, tls=True)
    assert seen.outcome is ConnectOutcome.TLS_FAILURE
    assert seen.tls_issuer == "Example Test Authority"
    assert ("Hostname mismatch" if trusted else "unable to get local issuer certificate") in seen.detail
    assert server.connections == 2


@pytest.mark.parametrize("talk", [stay_silent, hang_up, speak_http])
async def test_a_port_that_speaks_no_tls_is_a_tls_failure(talk) -> None:
    async with listener(talk) as server:
        net = network(dial=QUICK_DIAL, dial_map={"203.0.113.1:443": server.endpoint})
        seen = await net.connect("203.0.113.1", 443, tls=True)
    assert seen.outcome is ConnectOutcome.TLS_FAILURE
    assert seen.detail
    assert seen.tls_issuer == ""
    assert seen.elapsed_ms < QUICK_DIAL.tls * 1000 + 300


# --- nobody leads us into a private network ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "169.254.169.254",
        "10.0.0.1",
        "::1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "0.0.0.0",  # noqa: S104
    ],
)
@pytest.mark.parametrize("lab", [False, True], ids=["in the open", "in the lab"])
async def test_a_name_that_leads_inside_is_not_followed(dns_server, address: str, lab: bool) -> None:
    records: dict[tuple[str, str], Answer] = {("mx.test", "A"): [], ("mx.test", "AAAA"): []}
    records["mx.test", "AAAA" if ":" in address else "A"] = [address]
    dns_server.records = records
    async with listener() as server:
        port = int(server.endpoint.rpartition(":")[2])
        mapped = str(Endpoint(address, port))
        net = network(
            nameservers=(dns_server.endpoint,),
            allowed_ports=frozenset({port}),
            dial_map={mapped: server.endpoint} if lab else {},
            closed=lab,
        )
        by_name = await net.connect("mx.test", port)
        by_address = await net.connect(address, port)
        talked = await net.converse("mx.test", (address,))
    assert by_name.outcome is ConnectOutcome.NOT_PUBLIC
    assert by_address.outcome is ConnectOutcome.NOT_PUBLIC
    assert talked.outcome is ConnectOutcome.NOT_PUBLIC
    assert server.connections == 0


async def test_a_name_that_changes_between_two_look_ups_is_checked_each_time(dns_server) -> None:
    """DNS rebinding: public when first asked, inside when asked again."""
    dns_server.ttl = 0
    async with listener() as inside, listener() as outside:
        port = int(inside.endpoint.rpartition(":")[2])
        net = network(
            nameservers=(dns_server.endpoint,),
            allowed_ports=frozenset({port}),
            dial_map={f"203.0.113.1:{port}": outside.endpoint},
        )
        dns_server.records = {("mx.test", "A"): ["203.0.113.1"], ("mx.test", "AAAA"): []}
        assert (await net.connect("mx.test", port)).outcome is ConnectOutcome.OPEN
        dns_server.records["mx.test", "A"] = ["127.0.0.1"]
        assert (await net.connect("mx.test", port)).outcome is ConnectOutcome.NOT_PUBLIC
    assert (outside.connections, inside.connections) == (1, 0)
    assert dns_server.asked.count(("mx.test", "A")) == 2


async def test_a_name_is_looked_up_once_and_the_address_dialled(dns_server) -> None:
    """The answer that was checked is the one that is used: there is no second look-up to poison."""
    dns_server.ttl = 0
    dns_server.records = {("mx.test", "A"): ["203.0.113.1"], ("mx.test", "AAAA"): []}
    async with listener() as server:
        net = network(nameservers=(dns_server.endpoint,), dial_map={"203.0.113.1:80": server.endpoint})
        await net.connect("mx.test", 80)
    assert sorted(dns_server.asked) == [("mx.test", "A"), ("mx.test", "AAAA")]


async def test_an_alias_that_goes_in_circles_connects_to_nothing(dns_server) -> None:
    for name, alias in (("mx.test", "b.test."), ("b.test", "mx.test.")):
        dns_server.records |= {(name, "A"): [f"CNAME {alias}"], (name, "AAAA"): [f"CNAME {alias}"]}
    async with listener() as server:
        net = network(nameservers=(dns_server.endpoint,), dial_map={"203.0.113.1:80": server.endpoint})
        assert (await net.connect("mx.test", 80)).outcome is ConnectOutcome.DNS_UNANSWERED
    assert server.connections == 0


async def test_an_alias_that_leads_inside_is_not_followed(dns_server) -> None:
    dns_server.records = {("mx.test", "A"): ["CNAME in.test."], ("in.test", "A"): ["127.0.0.1"]}
    async with listener() as server:
        port = int(server.endpoint.rpartition(":")[2])
        net = network(nameservers=(dns_server.endpoint,), allowed_ports=frozenset({port}))
        assert (await net.connect("mx.test", port)).outcome is ConnectOutcome.NOT_PUBLIC
    assert server.connections == 0


@pytest.mark.parametrize(
    ("peername", "same"),
    [
        (("203.0.113.1", 25), True),
        (("2001:db8:0::1", 25, 0, 0), False),
        (("203.0.113.2", 25), False),
        (("203.0.113.1", 80), False),
        (None, False),
        ("/run/socket", False),
    ],
)
def test_the_peer_must_be_the_one_that_was_dialled(peername: object, same: bool) -> None:
    assert is_peer(peername, Endpoint("203.0.113.1", 25)) is same


async def test_our_own_shortage_of_sockets_is_no_answer() -> None:
    async with listener() as server:
        net = network(dial_map={"203.0.113.1:443": server.endpoint})
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        with socket.socket() as newest:
            resource.setrlimit(resource.RLIMIT_NOFILE, (newest.fileno() + 1, hard))
            try:
                with pytest.raises(OSError, match="Too many open files"):
                    await net.connect("203.0.113.1", 443)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
