"""Sightings go to the portal: to a real HTTP server that answers, refuses, is slow, or is not there."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from diagnostics.echo import SEAL_HEADER, Echo, Way, sealed, unpack
from diagnostics.responder.config import Config, HandoverLimits
from diagnostics.responder.handover import Handover
from tests.diagnostics.responder.visitors import KEY, until

QUICK = HandoverLimits(batch=5, every=0.05, waiting=20, answer_seconds=0.5, longest_pause=0.2, farewell_seconds=2)


@dataclass
class Portal:
    """Takes hand-overs; `status` is what it answers, None for nothing at all."""

    status: int | None = 200
    port: int = 0
    taken: list[Echo] = field(default_factory=list)
    bodies: int = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Portal]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers["content-length"]))
        assert first == "POST /hooks/responder/ HTTP/1.1"
        assert sealed(headers[SEAL_HEADER.lower()], body, KEY, time.time())
        self.bodies += 1
        if self.status == 200:
            self.taken += unpack(body) or ()
        if self.status is None:
            await reader.read()
        else:
            writer.write(f"HTTP/1.1 {self.status} Whatever\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        writer.close()

    @property
    def nonces(self) -> list[str]:
        return [echo.nonce for echo in self.taken]


def echo(number: int, **other: Any) -> Echo:
    return replace(Echo(nonce(number), 59777, "192.0.2.7", 1.5, Way.HTTPS), **other)


def nonce(number: int) -> str:
    return f"nonce-{number:016}"


@asynccontextmanager
async def handing_over(port: int, limits: HandoverLimits = QUICK) -> AsyncIterator[Handover]:
    handover = Handover(Config(KEY, f"http://127.0.0.1:{port}", {}, handover=limits))
    running = asyncio.create_task(handover.run())
    try:
        yield handover
    finally:
        running.cancel()


async def test_what_was_seen_arrives_sealed_and_in_order() -> None:
    async with Portal().running() as portal, handing_over(portal.port) as handover:
        seen = [echo(1), echo(2, way=Way.TURN, port=80), echo(3, source="2001:db8::7", via="1.1 proxy")]
        for one in seen:
            handover.tell(one)
        await until(lambda: len(portal.taken) == 3)
        assert portal.taken == seen
        await until(lambda: handover.waiting == 0)
        assert (handover.taken, handover.dropped) == (3, 0)


async def test_the_same_again_is_handed_over_once() -> None:
    async with Portal().running() as portal, handing_over(portal.port) as handover:
        for at in range(50):
            handover.tell(echo(1, at=float(at)))
        handover.tell(echo(1, way=Way.TURN))
        handover.tell(echo(1, port=80))
        await until(lambda: len(portal.taken) == 3)
        assert portal.taken[0].at == 0.0


async def test_a_full_batch_does_not_wait() -> None:
    slow = replace(QUICK, every=3600)
    async with Portal().running() as portal, handing_over(portal.port, slow) as handover:
        await asyncio.sleep(0)
        for number in range(12):
            handover.tell(echo(number))
        await until(lambda: handover.waiting == 2)  # Two are no batch: they wait for the hour to end.
        assert (portal.bodies, len(portal.taken)) == (2, 10)


@pytest.mark.parametrize("fault", [500, 503, 403, 404, 302, None], ids=str)
async def test_while_the_portal_does_not_take_them_they_wait(fault: int | None) -> None:
    async with Portal(status=fault).running() as portal, handing_over(portal.port) as handover:
        for number in range(7):
            handover.tell(echo(number))
        await until(lambda: portal.bodies >= 2)
        assert handover.waiting == 7
        portal.status = 200
        await until(lambda: handover.waiting == 0)
        assert portal.nonces == [nonce(number) for number in range(7)]


async def test_a_portal_that_is_away_gets_them_when_it_comes_back(caplog: pytest.LogCaptureFixture) -> None:
    portal = Portal()
    async with portal.running():
        pass
    async with handing_over(portal.port) as handover:
        handover.tell(echo(1))
        with caplog.at_level(logging.WARNING, "diagnostics.responder"):
            await until(lambda: "does not take sightings: ConnectError" in caplog.text)
            handover.tell(echo(2))
            async with portal.running():
                await until(lambda: handover.waiting == 0)
        assert portal.nonces == [nonce(1), nonce(2)]
        assert len(caplog.records) == 2, "told once when it went, and once when it came back"
        assert "192.0.2.7" not in caplog.text
        assert nonce(1) not in caplog.text


async def test_of_too_many_the_oldest_are_dropped_and_counted() -> None:
    portal = Portal(status=500)
    async with portal.running(), handing_over(portal.port) as handover:
        for number in range(30):
            handover.tell(echo(number))
        assert (handover.waiting, handover.dropped) == (20, 10)
        portal.status = 200
        await until(lambda: handover.waiting == 0)
        assert portal.nonces == [nonce(number) for number in range(10, 30)]


@pytest.mark.parametrize("status", [400, 413])
async def test_a_batch_that_is_refused_for_good_does_not_stop_the_next(status: int) -> None:
    async with Portal(status=status).running() as portal, handing_over(portal.port) as handover:
        handover.tell(echo(1))
        await until(lambda: handover.dropped == 1)
        portal.status = 200
        handover.tell(echo(2))
        await until(lambda: portal.nonces == [nonce(2)])


async def test_the_pause_grows_while_the_portal_is_away() -> None:
    limits = replace(QUICK, every=0.05, longest_pause=3600)
    async with Portal(status=500).running() as portal, handing_over(portal.port, limits) as handover:
        handover.tell(echo(1))
        begun = time.monotonic()
        await until(lambda: portal.bodies == 5)
        assert time.monotonic() - begun > 0.1 + 0.2 + 0.4 + 0.8


async def test_at_the_end_the_rest_is_handed_over() -> None:
    async with Portal().running() as portal:
        handover = Handover(Config(KEY, f"http://127.0.0.1:{portal.port}", {}, handover=QUICK))
        for number in range(12):
            handover.tell(echo(number))
        await handover.farewell()
        assert portal.nonces == [nonce(number) for number in range(12)]


@pytest.mark.parametrize("fault", [500, None], ids=str)
async def test_the_end_does_not_wait_for_a_portal_that_is_away(
    fault: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    async with Portal(status=fault).running() as portal:
        limits = replace(QUICK, answer_seconds=3600, farewell_seconds=0.5)
        handover = Handover(Config(KEY, f"http://127.0.0.1:{portal.port}", {}, handover=limits))
        handover.tell(echo(1))
        async with asyncio.timeout(30):
            await handover.farewell()
    assert "1 sightings were never handed over" in caplog.text
