"""Nobody gets more than a fair share, and nobody can fill the memory."""

from __future__ import annotations

import asyncio
import ssl
import sys
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.responder.config import Limits
from diagnostics.responder.limits import Crowd, Rate, network_of, source_of
from tests.diagnostics.responder.visitors import NONCE, Point, Start

ECHO = f"/e?n={NONCE}"


@pytest.mark.parametrize(
    ("peer", "source", "network"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::1", "fe80::/64"),
    ],
)
def test_what_counts_as_one_source(peer: str, source: str, network: str) -> None:
    assert (source_of(peer), network_of(source_of(peer))) == (source, network)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_no_address_of_one_ipv6_network_is_a_source_of_its_own(one: int, other: int) -> None:
    first = 0x20010DB8 << 96
    assert network_of(str(IPv6Address(first + one))) == network_of(str(IPv6Address(first + other)))


def test_a_minute_after_the_first_one_may_come_again() -> None:
    rate = Rate(most=2, remembered=10)
    assert [rate.allows("a", now) for now in (0, 30, 59.9, 60, 61, 62)] == [True, True, False, True, True, False]
    assert rate.allows("b", 62)


@given(st.lists(st.tuples(st.integers(0, 500), st.floats(0, 5)), max_size=300))
def test_counters_are_bounded_and_forgotten(comers: list[tuple[int, float]]) -> None:
    rate, now = Rate(most=3, remembered=20), 0.0
    for key, later in comers:
        now += later
        rate.allows(key, now)
        assert len(rate) <= 20
    rate.allows("last", now + 61)
    assert len(rate) == 1


def test_a_flood_of_names_does_not_free_whoever_came_just_before() -> None:
    rate = Rate(most=1, remembered=100)
    rate.allows("a", 1)
    for number in range(99):
        rate.allows(number, 1)
    assert not rate.allows("a", 1)


def test_a_crowd_forgets_who_has_left() -> None:
    crowd = Crowd(most=2)
    assert [crowd.enter("a"), crowd.enter("a"), crowd.enter("a"), crowd.enter("b")] == [True, True, False, True]
    crowd.leave("a")
    assert crowd.enter("a")
    for network in "aab":
        crowd.leave(network)
    assert not crowd._open


async def test_twenty_questions_a_minute_of_one_test(point: Point) -> None:
    visitor = await point.visit()
    assert [(await visitor.get(ECHO)).status for _ in range(21)] == [200] * 20 + [429]
    assert (await visitor.get(f"/e?n=another-{NONCE}")).status == 200
    assert (await point.get(ECHO)).status == 429, "a new connection is no new test"
    assert len(point.told) == 21


async def test_questions_of_one_source_whatever_they_are(start: Start) -> None:
    async with start(limits=Limits(requests_per_source=5)) as point:
        visitor = await point.visit()
        asked = [f"/e?n=1{NONCE}", f"/e?n=2{NONCE}", "/e?n=bad", "/nothing", "/healthz", f"/e?n=3{NONCE}"]
        assert [(await visitor.get(target)).status for target in asked] == [200, 200, 400, 404, 200, 429]
        assert await visitor.is_closed()
        assert len(point.told) == 2


async def test_connections_of_one_source(start: Start) -> None:
    async with start(limits=Limits(connections_per_source=3)) as point:
        first, *others = [await point.visit(tls=False) for _ in range(3)]
        for visitor in (first, *others):
            assert (await visitor.get("/healthz")).status == 200
        assert await (await point.visit(tls=False)).is_closed()
        first.leave()
        await point.until(lambda: point.server.open == 2)
        assert (await (await point.visit(tls=False)).get("/healthz")).status == 200
        assert (await others[0].get("/healthz")).status == 200


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
@pytest.mark.parametrize("said", [b"", b"GET /e", b"GET /healthz HTTP/1.1\r\n\r\n"], ids=["nothing", "half", "whole"])
async def test_of_all_connections_the_oldest_gives_way(start: Start, said: bytes, tls: bool) -> None:
    async with start(limits=Limits(connections=3)) as point:
        first = await point.visit(tls=tls)
        await first.say(said)
        others = [await point.visit(tls=tls) for _ in range(3)]
        await first.rest()
        for visitor in others:
            assert (await visitor.get(ECHO)).status == 200


SHORT = Limits(connection_seconds=0.5)


@pytest.mark.parametrize("said", [b"", b"G", b"\x16", b"\x16\x03\x01\x02\x00\x01", b"\x00", b"\x00\x03\x00\x08!"])
async def test_who_begins_and_then_says_nothing_is_ended(start: Start, said: bytes) -> None:
    async with start(limits=SHORT) as point:
        visitor = await point.visit(tls=False)
        await visitor.say(said)
        await visitor.rest()
        await point.until(lambda: point.server.open == 0)


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
async def test_who_speaks_ever_so_slowly_is_ended(start: Start, tls: bool) -> None:
    async with start(limits=SHORT) as point:
        visitor = await point.visit(tls=tls)

        async def trickle() -> None:
            await visitor.say(b"GET /e HTTP/1.1\r\n")
            while True:
                await visitor.say(b"X: y\r\n")
                await asyncio.sleep(0.05)

        slow = asyncio.create_task(trickle())
        assert await visitor.is_closed()
        slow.cancel()
        await point.until(lambda: point.server.open == 0)
        assert (await point.get(ECHO)).status == 200


async def test_who_asks_without_end_is_ended_too(start: Start) -> None:
    """Ten seconds are for the whole connection, however busy it is."""
    async with start(limits=SHORT) as point:
        visitor = await point.visit()

        async def insist() -> None:
            for number in range(sys.maxsize):
                await visitor.get(f"/nothing?{number}")
                await asyncio.sleep(0.05)

        with pytest.raises((asyncio.IncompleteReadError, ConnectionError, ssl.SSLError)):
            await insist()
        assert (await point.get(ECHO)).status == 200


async def test_who_never_reads_is_not_written_to_without_end(start: Start) -> None:
    limits = Limits(connection_seconds=60, requests_per_source=10**9, requests_per_test=10**9)
    async with start(limits=limits) as point:
        visitor = await point.visit(tls=False)
        visitor.reader._transport.pause_reading()  # type: ignore[attr-defined]
        question = f"GET {ECHO} HTTP/1.1\r\n\r\n".encode() * 100
        while not visitor.writer.transport.get_write_buffer_size():
            visitor.writer.write(question)
            await asyncio.sleep(0)
        answered = -1
        while answered != len(point.told):
            answered = len(point.told)
            await asyncio.sleep(0.3)
        assert visitor.writer.transport.get_write_buffer_size(), "it is the responder that has stopped to read"
        assert (await point.get(f"/e?n=another-{NONCE}")).status == 200
        visitor.leave()
