"""By its first byte a connection is told apart; whatever it is, the next one is answered."""

from __future__ import annotations

import asyncio
import socket
import ssl

import pytest
from aioice import stun
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.responder.config import Config, Limits
from diagnostics.responder.server import CannotListen, Server
from diagnostics.responder.witness import Witness
from tests.diagnostics.responder.visitors import KEY, NONCE, PORTAL, Point, Start, Visitor

ECHO = f"/e?n={NONCE}"
QUESTION = f"GET {ECHO} HTTP/1.1\r\n\r\n".encode()
TURN = bytes(stun.Message(stun.Method.ALLOCATE, stun.Class.REQUEST, b"0123456789ab"))


@pytest.mark.parametrize("first", [0x04, 0x0A, 0x15, 0x17, 0x20, 0x30, 0x40, 0x5B, 0x61, 0x80, 0xFF], ids=hex)
async def test_what_begins_like_none_of_them_is_closed(point: Point, first: int) -> None:
    visitor = await point.visit(tls=False)
    await visitor.say(bytes([first]) + b"\x00" * 50)
    assert await visitor.is_closed()
    await point.until(lambda: point.server.open == 0)


async def test_who_leaves_without_a_word_leaves_nothing_behind(point: Point) -> None:
    for _ in range(20):
        (await point.visit(tls=False)).leave()
    await point.until(lambda: point.server.witness.counts["connections"] == 20 and point.server.open == 0)


async def test_who_closes_one_side_only_is_let_go(point: Point) -> None:
    silent = await point.visit(tls=False)
    silent.writer.write_eof()
    assert await silent.is_closed()
    asking = await point.visit(tls=False)
    await asking.say(QUESTION)
    asking.writer.write_eof()
    assert (await asking.hear()).status == 200


@pytest.mark.parametrize("cut", [1, 5, 6, 100])
async def test_tls_that_comes_in_two_parts(point: Point, trusting: ssl.SSLContext, cut: int) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = trusting.wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    with pytest.raises(ssl.SSLWantReadError):
        session.do_handshake()
    hello = outgoing.read()
    visitor = await point.visit(tls=False)
    await visitor.say(hello[:cut])
    await point.until(lambda: point.server.open == 1)
    await visitor.say(hello[cut:])
    while session.version() is None or not session.cipher():
        incoming.write(await visitor.reader.read(65536))
        try:
            session.do_handshake()
        except ssl.SSLWantReadError:
            continue
    session.write(QUESTION)
    await visitor.say(outgoing.read())
    heard = b""
    while b'"signed"' not in heard:
        incoming.write(await visitor.reader.read(65536))
        try:
            heard += session.read(65536)
        except ssl.SSLWantReadError:
            continue
    assert heard.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("said", [QUESTION, TURN], ids=["http", "turn"])
async def test_a_first_byte_that_comes_alone(point: Point, said: bytes) -> None:
    visitor = await point.visit(tls=False)
    await visitor.say(said[:1])
    await point.until(lambda: point.server.open == 1)
    await visitor.say(said[1:])
    assert await visitor.reader.readexactly(2) == (b"HT" if said is QUESTION else b"\x01\x13")


async def test_tls_that_fails_leaves_nothing_behind(point: Point) -> None:
    with pytest.raises(ssl.SSLError):
        await asyncio.open_connection("127.0.0.1", point.server.ports[80], ssl=ssl.create_default_context())
    broken = await point.visit(tls=False)
    await broken.say(b"\x16\x03\x01\x00\x05hello")
    await broken.rest()
    await point.until(lambda: point.server.open == 0)
    assert (await point.get(ECHO)).status == 200


async def test_without_a_certificate_tls_is_closed_and_the_rest_works() -> None:
    config = Config(KEY, PORTAL, {80: 0})
    server = Server(config, Witness(config.limits, lambda echo: None))
    server.listen()
    point = Point(server, [], ssl.create_default_context())
    with pytest.raises(ConnectionError):
        await point.visit(80)
    assert (await point.get(ECHO, port=80, tls=False)).status == 200
    server.close()


async def test_a_port_that_is_taken_is_named_and_no_other_is_held() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        ports = {80: free.getsockname()[1], 443: other.getsockname()[1]}
        free.close()
        config = Config(KEY, PORTAL, ports)
        server = Server(config, Witness(Limits(), lambda echo: None))
        with pytest.raises(CannotListen, match=f"port {ports[443]} .*in use"):
            server.listen()
        with socket.create_server(("127.0.0.1", ports[80])):
            pass


async def test_stopping_ends_whoever_is_there(start: Start) -> None:
    async with start() as point:
        visitors = [await point.visit(tls=tls) for tls in (True, False)]
        for visitor in visitors:
            await visitor.get("/healthz")
        idle = await point.visit(tls=False)
        await point.until(lambda: point.server.open == 3)
        port = point.server.ports[80]
        point.server.close()
        for visitor in (*visitors, idle):
            assert await visitor.is_closed()
        assert point.server.open == 0
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


LIKELY = st.sampled_from(
    [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", TURN, TURN[:8], QUESTION, b"GET ", b"\r\n\r\n", b"\x00\x01"]
)
ANYTHING = st.lists(st.binary(max_size=600) | LIKELY, max_size=8)


@given(parts=ANYTHING, leaves=st.sampled_from(["abort", "eof", "stay"]))
@settings(max_examples=60, deadline=None)
def test_whatever_comes_in_the_next_one_is_answered(parts: list[bytes], leaves: str) -> None:
    async def come_and_go() -> None:
        config = Config(KEY, PORTAL, {80: 0}, limits=Limits(connection_seconds=0.2))
        faults: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: faults.append(context))
        server = Server(config, Witness(config.limits, lambda echo: None))
        server.listen()
        point = Point(server, [], ssl.create_default_context())
        rude = await point.visit(80, tls=False)
        try:
            for part in parts:
                await rude.say(part)
            if leaves == "eof":
                rude.writer.write_eof()
        except (OSError, RuntimeError):
            pass  # It has closed on us already.
        if leaves == "abort":
            rude.leave()
        assert (await point.get(ECHO, port=80, tls=False)).status == 200
        await rude.rest()
        await point.until(lambda: server.open == 0)
        server.close()
        assert faults == []

    asyncio.run(come_and_go())


async def test_many_at_once(point: Point) -> None:
    async def one(number: int) -> tuple[int, str]:
        visitor: Visitor = await point.visit(tls=number % 2 == 0)
        answer = await visitor.get(f"/e?n={number:04}{NONCE}")
        visitor.leave()
        return answer.status, answer.json["nonce"]

    assert await asyncio.gather(*map(one, range(150))) == [(200, f"{number:04}{NONCE}") for number in range(150)]
