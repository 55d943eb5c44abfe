"""Fetching an MTA-STS policy: verified, without redirects, never too long, never for ever."""

from __future__ import annotations

import asyncio
import ssl
from time import perf_counter

import pytest

from diagnostics.domain import ConnectOutcome, PolicyFetch
from diagnostics.net.fetch import LONGEST
from diagnostics.net.policy import PolicyFetcher

from .conftest import NameServer, Talk, listener, network

POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: mx.example.org\r\nmax_age: 86400\r\n"
ADDRESS = "203.0.113.7"


def saying(answer: bytes, *, keep_open: bool = False) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"GET /.well-known/mta-sts.txt HTTP/1.1\r\n")
        writer.write(answer)
        await writer.drain()
        if keep_open:
            await reader.read()

    return talk


def page(body: bytes, status: str = "200 OK", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


async def fetched(dns_server: NameServer, ca_file: str, tls: ssl.SSLContext | None, talk: Talk) -> PolicyFetch:
    dns_server.records = {("mta-sts.example.test", "A"): [ADDRESS], ("mta-sts.example.test", "AAAA"): []}
    async with listener(talk, tls) as server:
        net = network(nameservers=(dns_server.endpoint,), dial_map={f"{ADDRESS}:443": server.endpoint}, ca_file=ca_file)
        return await PolicyFetcher(net.dialer, seconds=0.5).fetch("example.test")


@pytest.mark.parametrize(
    ("answer", "status", "text", "detail"),
    [
        (page(POLICY), 200, POLICY.decode().replace("\r", ""), ""),
        (b"HTTP/1.0 200 OK\r\n\r\n" + POLICY, 200, POLICY.decode().replace("\r", ""), ""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + page(POLICY), 200, POLICY.decode().replace("\r", ""), ""),
        (page(b"moved", "301 Moved", "Location: https://example.org/\r\n"), 301, "", ""),
        (page(b"nothing here", "404 Not Found"), 404, "", ""),
        (page(b"x" * (LONGEST + 1)), 200, "", "too long"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * (LONGEST + 1), 0, "", "not an HTTP answer"),
        (b"220 mx.example.org ESMTP\r\n", 0, "", "not an HTTP answer"),
        (page(POLICY)[:-5], 200, "", "not an HTTP answer"),
        (b"", 0, "", "not an HTTP answer"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 600 + page(POLICY), 0, "", "too many parts"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 600, 200, "", "too many parts"),
    ],
    ids=[
        "policy",
        "until the end",
        "after a 100",
        "redirect",
        "missing",
        "too long",
        "long head",
        "SMTP",
        "cut",
        "hung up",
        "100 without end",
        "octet by octet",
    ],
)
async def test_what_comes_back(dns_server, ca_file, server_tls, answer, status, text, detail) -> None:
    seen = await fetched(dns_server, ca_file, server_tls("mta-sts.example.test"), saying(answer))
    assert seen == PolicyFetch(ConnectOutcome.OPEN, status, text, detail)


async def test_a_server_that_never_ends_is_left_in_time(dns_server, ca_file, server_tls) -> None:
    started = perf_counter()
    tls = server_tls("mta-sts.example.test")
    seen = await fetched(dns_server, ca_file, tls, saying(page(POLICY)[:-5], keep_open=True))
    assert seen == PolicyFetch(ConnectOutcome.OPEN, detail="no answer in time", in_time=False)
    assert perf_counter() - started < 3


async def test_a_certificate_for_another_name_is_not_taken(dns_server, ca_file, server_tls) -> None:
    seen = await fetched(dns_server, ca_file, server_tls("www.example.test"), saying(page(POLICY)))
    assert (seen.outcome, seen.status, seen.text) == (ConnectOutcome.TLS_FAILURE, 0, "")
    assert "mismatch" in seen.detail


async def test_a_server_without_tls_is_a_failure_of_tls(dns_server, ca_file) -> None:
    seen = await fetched(dns_server, ca_file, None, saying(b""))
    assert seen.outcome is ConnectOutcome.TLS_FAILURE


async def test_a_host_at_a_private_address_is_never_asked(dns_server) -> None:
    dns_server.records = {("mta-sts.example.test", "A"): ["10.0.0.1"], ("mta-sts.example.test", "AAAA"): []}
    seen = await network(nameservers=(dns_server.endpoint,)).fetch_policy("example.test")
    assert seen.outcome is ConnectOutcome.NOT_PUBLIC


async def test_no_policy_host_is_no_answer(dns_server) -> None:
    seen = await network(nameservers=(dns_server.endpoint,)).fetch_policy("example.test")
    assert (seen.outcome, seen.status) == (ConnectOutcome.DNS_FAILURE, 0)
