"""Posting to a receiver: to the address that was looked up and checked, verified, once, never for ever."""

from __future__ import annotations

import asyncio
from time import perf_counter

import pytest

from diagnostics.domain import ConnectOutcome, DnsStatus
from diagnostics.net import post as module
from diagnostics.net.post import MOST_READ, Posted, post

from .conftest import NameServer, Talk, listener, network, reply

HOST = "hooks.example.test"
ADDRESS = "203.0.113.7"
BODY = b'{"type":"webhook.test"}'


def saying(answer: bytes, got: list[bytes] | None = None, *, keep_open: bool = False) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(len(BODY))
        if got is not None:
            got.extend((head, body))
        writer.write(answer)
        await writer.drain()
        if keep_open:
            await reader.read()

    return talk


async def posted(
    dns_server: NameServer, ca_file: str, tls, talk: Talk, *, target: str = "/in?a=1", seconds: float = 2.0
) -> Posted:
    dns_server.records = {(HOST, "A"): [ADDRESS], (HOST, "AAAA"): []}
    async with listener(talk, tls) as server:
        net = network(
            nameservers=(dns_server.endpoint,),
            dial_map={f"{ADDRESS}:443": server.endpoint},
            ca_file=ca_file,
            allowed_ports=frozenset({443}),
        )
        return await post(net.dialer, HOST, 443, target, headers=headers(), body=BODY, seconds=seconds)


def headers() -> dict[str, str]:
    return {"Content-Type": "application/json", "webhook-id": "msg_1"}


async def test_what_is_sent(dns_server, ca_file, server_tls) -> None:
    got: list[bytes] = []
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nthank"
    seen = await posted(dns_server, ca_file, server_tls(HOST), saying(answer, got))
    assert (seen.outcome, seen.status, seen.text, seen.address) == (ConnectOutcome.OPEN, 200, "thank", ADDRESS)
    head, body = got
    assert head.startswith(b"POST /in?a=1 HTTP/1.1\r\nHost: hooks.example.test\r\n")
    assert b"webhook-id: msg_1\r\n" in head
    assert f"Content-Length: {len(BODY)}\r\n".encode() in head
    assert body == BODY


@pytest.mark.parametrize(
    ("answer", "status", "text", "detail"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, "", ""),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", 200, "until the end", ""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", 202, "", ""),
        (b"HTTP/1.1 302 Found\r\nLocation: https://example.org/\r\nContent-Length: 0\r\n\r\n", 302, "", ""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\ncut", 200, "cut", ""),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 3\r\n\r\n\x1b[1", 500, "\ufffd[1", ""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 600, 200, None, ""),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 20_000, None, "", "not an HTTP answer"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 600, None, "", "not an HTTP answer"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", None, "", "not an HTTP answer"),
        (b"220 mx.example.org ESMTP\r\n", None, "", "not an HTTP answer"),
        (b"", None, "", "connection closed"),
    ],
    ids=[
        "no content",
        "until the end",
        "after a 100",
        "redirect",
        "cut",
        "control signs",
        "octet by octet",
        "long head",
        "100 without end",
        "switching",
        "SMTP",
        "hung up",
    ],
)
async def test_what_comes_back(dns_server, ca_file, server_tls, answer, status, text, detail) -> None:
    seen = await posted(dns_server, ca_file, server_tls(HOST), saying(answer))
    assert (seen.outcome, seen.status, seen.detail) == (ConnectOutcome.OPEN, status, detail)
    if text is not None:
        assert seen.text == text


async def test_a_redirect_leads_nowhere(dns_server, ca_file, server_tls) -> None:
    async with listener() as other:
        location = f"HTTP/1.1 307 Over there\r\nLocation: http://{other.endpoint}/\r\nContent-Length: 0\r\n\r\n"
        seen = await posted(dns_server, ca_file, server_tls(HOST), saying(location.encode()))
    assert (seen.status, other.connections) == (307, 0)


async def test_retry_after_is_handed_on(dns_server, ca_file, server_tls) -> None:
    busy = b"HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n"
    assert (await posted(dns_server, ca_file, server_tls(HOST), saying(busy))).retry_after == "120"


async def test_a_huge_body_is_not_read(dns_server, ca_file, server_tls) -> None:
    taken = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        for _ in range(1500):
            writer.write(b"x" * 65536)
            await writer.drain()
            taken += 65536

    seen = await posted(dns_server, ca_file, server_tls(HOST), talk)
    assert (seen.status, set(seen.text)) == (200, {"x"})
    assert len(seen.text) < MOST_READ
    assert taken < 50_000_000, "the connection was given up long before"


async def test_a_body_without_end_is_left_and_its_status_stands(dns_server, ca_file, server_tls, monkeypatch) -> None:
    monkeypatch.setattr(module, "BODY_SECONDS", 0.1)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nsome"
    seen = await posted(dns_server, ca_file, server_tls(HOST), saying(answer, keep_open=True))
    assert (seen.status, seen.text) == (200, "some")


async def test_a_slow_head_near_the_deadline_still_counts(dns_server, ca_file, server_tls) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
    seen = await posted(dns_server, ca_file, server_tls(HOST), saying(answer, keep_open=True), seconds=1.0)
    assert seen.status == 200


async def test_a_silent_receiver_is_left_in_time(dns_server, ca_file, server_tls) -> None:
    started = perf_counter()
    seen = await posted(dns_server, ca_file, server_tls(HOST), saying(b"", keep_open=True), seconds=0.5)
    assert (seen.status, seen.detail) == (None, "no answer within 0.5 seconds")
    assert perf_counter() - started < 5
    assert seen.elapsed_ms >= 400


async def test_a_head_that_comes_drop_by_drop_is_left_in_time(dns_server, ca_file, server_tls) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            writer.write(b"y")
            await writer.drain()
            await asyncio.sleep(0.02)

    seen = await posted(dns_server, ca_file, server_tls(HOST), talk, seconds=0.5)
    assert seen.status is None


async def test_a_certificate_for_another_name_is_not_taken(dns_server, ca_file, server_tls) -> None:
    got: list[bytes] = []
    seen = await posted(dns_server, ca_file, server_tls("www.example.test"), saying(b"", got))
    assert (seen.outcome, seen.status) == (ConnectOutcome.TLS_FAILURE, None)
    assert "mismatch" in seen.detail
    assert got == []


async def test_an_authority_that_nobody_trusts_is_not_taken(dns_server, server_tls) -> None:
    got: list[bytes] = []
    seen = await posted(dns_server, "", server_tls(HOST), saying(b"", got))
    assert seen.outcome is ConnectOutcome.TLS_FAILURE
    assert got == []


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("A", "127.0.0.1"),
        ("A", "10.0.0.5"),
        ("A", "169.254.169.254"),
        ("A", "100.64.0.1"),
        ("AAAA", "::1"),
        ("AAAA", "::ffff:127.0.0.1"),
        ("AAAA", "64:ff9b::7f00:1"),
    ],
)
async def test_a_name_that_leads_inside_is_not_dialled(dns_server: NameServer, kind: str, address: str) -> None:
    async with listener() as inside:
        port = int(inside.endpoint.rpartition(":")[2])
        dns_server.records = {(HOST, "A"): [], (HOST, "AAAA"): [], (HOST, kind): [address]}
        net = network(nameservers=(dns_server.endpoint,), allowed_ports=frozenset({port}))
        seen = await post(net.dialer, HOST, port, "/", headers=headers(), body=BODY, seconds=2)
    assert (seen.outcome, seen.detail) == (ConnectOutcome.NOT_PUBLIC, "not a public address")
    assert inside.connections == 0


async def test_a_name_that_turns_inward_after_it_was_looked_up_is_not_followed(dns_server: NameServer) -> None:
    """DNS rebinding: the first answer is public, every other is the listener beside us."""
    answers = iter([["203.0.113.9"]])

    def turning(server: NameServer, query) -> list[bytes]:
        return [reply(query, next(answers, ["127.0.0.1"]), ttl=0).to_wire()]

    async with listener() as inside:
        port = int(inside.endpoint.rpartition(":")[2])
        dns_server.records = {(HOST, "A"): turning, (HOST, "AAAA"): []}
        net = network(nameservers=(dns_server.endpoint,), closed=True, allowed_ports=frozenset({port}))
        outcomes = [
            (await post(net.dialer, HOST, port, "/", headers=headers(), body=BODY, seconds=2)).outcome for _ in range(2)
        ]
    assert outcomes == [ConnectOutcome.FILTERED, ConnectOutcome.NOT_PUBLIC]
    assert inside.connections == 0


async def test_a_private_network_of_the_vendors_own_may_be_dialled(dns_server: NameServer) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    got: list[bytes] = []
    async with listener(saying(answer, got)) as inside:
        port = int(inside.endpoint.rpartition(":")[2])
        net = network(inside=("127.0.0.1/32",), allowed_ports=frozenset({port}))
        seen = await post(net.dialer, "127.0.0.1", port, "/", headers=headers(), body=BODY, tls=False, seconds=2)
        other = await post(net.dialer, "127.0.0.2", port, "/", headers=headers(), body=BODY, tls=False, seconds=2)
    assert seen.status == 200
    assert f"Host: 127.0.0.1:{port}".encode() in got[0]
    assert other.outcome is ConnectOutcome.NOT_PUBLIC
    assert inside.connections == 1


async def test_another_port_is_not_dialled(dns_server: NameServer) -> None:
    async with listener() as inside:
        port = int(inside.endpoint.rpartition(":")[2])
        net = network(inside=("127.0.0.0/8",), allowed_ports=frozenset({443}))
        seen = await post(net.dialer, "127.0.0.1", port, "/", headers=headers(), body=BODY, tls=False, seconds=2)
    assert seen.outcome is ConnectOutcome.NOT_PUBLIC
    assert inside.connections == 0


async def test_nobody_there(dns_server: NameServer, closed_port: str) -> None:
    port = int(closed_port.rpartition(":")[2])
    net = network(inside=("127.0.0.0/8",), allowed_ports=frozenset({port}))
    seen = await post(net.dialer, "127.0.0.1", port, "/", headers=headers(), body=BODY, tls=False, seconds=2)
    assert (seen.outcome, seen.detail) == (ConnectOutcome.REFUSED, "connection refused")


async def test_a_name_that_is_not_there(dns_server: NameServer) -> None:
    net = network(nameservers=(dns_server.endpoint,), allowed_ports=frozenset({443}))
    seen = await post(net.dialer, HOST, 443, "/", headers=headers(), body=BODY, seconds=3)
    assert (seen.outcome, seen.detail) == (ConnectOutcome.DNS_FAILURE, "no such name")
    assert (await net.resolve(HOST, "A")).status is DnsStatus.NO_SUCH_NAME
