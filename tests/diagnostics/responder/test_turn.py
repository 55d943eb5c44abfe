"""TURN over plain TCP, with aioice's own client and by hand: seen, refused, never relayed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aioice import stun
from aioice.turn import TurnClientTcpProtocol, make_integrity_key

from diagnostics.echo import Way
from diagnostics.responder.config import CREDENTIAL, REALM, Limits
from tests.diagnostics.responder.visitors import NONCE, PATIENCE, Point, Start, Visitor


@asynccontextmanager
async def client(
    point: Point, name: str = NONCE, password: str = CREDENTIAL, port: int = 80
) -> AsyncIterator[TurnClientTcpProtocol]:
    address = ("127.0.0.1", point.server.ports[port])

    def turn() -> TurnClientTcpProtocol:
        return TurnClientTcpProtocol(address, name, password, lifetime=600, channel_refresh_time=500)

    transport, protocol = await asyncio.get_running_loop().create_connection(turn, *address)
    try:
        yield protocol
    finally:
        transport.abort()


async def refusal(turn: TurnClientTcpProtocol) -> stun.Message:
    """What the allocation ends with; the client has checked MESSAGE-INTEGRITY where it knows its key."""
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(stun.TransactionFailed) as failed:
            await turn.connect()
    return failed.value.response


async def test_an_allocation_is_seen_and_refused(point: Point) -> None:
    before = time.time()
    async with client(point) as turn:
        response = await refusal(turn)
    assert response.attributes["ERROR-CODE"] == (403, "Forbidden")
    assert response.check_message_integrity(make_integrity_key(NONCE, REALM, CREDENTIAL))
    (told,) = point.told
    assert (told.nonce, told.port, told.source, told.way, told.tls) == (NONCE, 80, "127.0.0.1", Way.TURN, "")
    assert before - 0.001 <= told.at <= time.time() + 0.001


async def test_every_port_takes_it(point: Point) -> None:
    for port in point.server.ports:
        async with client(point, port=port) as turn:
            assert (await refusal(turn)).error_code == 403
    assert [told.port for told in point.told] == [80, 59777]


async def test_ipv6(start: Start) -> None:
    async with start(bind="::1") as point:
        visitor = await point.visit(80, tls=False, host="::1")
        binding = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        answer = await asked(visitor, bytes(binding))
        assert answer.attributes["XOR-MAPPED-ADDRESS"] == visitor.writer.get_extra_info("sockname")[:2]


@pytest.mark.parametrize(
    ("name", "password"),
    [("short", CREDENTIAL), (f"{NONCE}!", CREDENTIAL), (f"{NONCE}\u00e4", CREDENTIAL), (NONCE, "another")],
)
async def test_whoever_is_no_test_is_refused_and_not_told(point: Point, name: str, password: str) -> None:
    async with client(point, name, password) as turn:
        assert (await refusal(turn)).error_code == 401
    assert point.told == []


async def test_over_the_limit_it_is_told_so(start: Start) -> None:
    async with start(limits=Limits(requests_per_test=2)) as point:
        codes = []
        for _ in range(3):
            async with client(point) as turn:
                codes.append((await refusal(turn)).error_code)
        assert codes == [403, 403, 486]
        assert len(point.told) == 2


async def test_over_the_limit_of_a_source_it_is_closed(start: Start) -> None:
    async with start(limits=Limits(requests_per_source=1)) as point:
        visitor = await point.visit(80, tls=False)
        challenge = await asked(visitor, allocate())
        await visitor.say(allocate(nonce=challenge.attributes["NONCE"]))
        assert await visitor.is_closed()


async def test_by_hand_first_401_then_403_in_single_bytes(point: Point) -> None:
    visitor = await point.visit(80, tls=False)
    challenge = await asked(visitor, allocate())
    assert (challenge.error_code, challenge.attributes["REALM"]) == (401, REALM)
    assert "MESSAGE-INTEGRITY" not in challenge.attributes
    for byte in allocate(nonce=challenge.attributes["NONCE"]):
        await visitor.say(bytes([byte]))
    assert (await heard(visitor)).error_code == 403


async def test_a_nonce_of_the_server_is_good_for_a_minute(point: Point, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = await point.visit(80, tls=False)
    nonce = (await asked(visitor, allocate())).attributes["NONCE"]
    assert (await asked(visitor, allocate(nonce=nonce))).error_code == 403
    for forged in (b"", b"1.2", b"x.y", b"9" * 200, nonce[:-1] + b"!", nonce.replace(b".", b"1.", 1)):
        answer = await asked(visitor, allocate(nonce=forged))
        assert answer.error_code == 438
        assert answer.attributes["NONCE"] != forged
    monkeypatch.setattr("diagnostics.responder.turn.NONCE_SECONDS", 0)
    assert (await asked(visitor, allocate(nonce=nonce))).error_code == 438
    assert len(point.told) == 1


async def test_two_questions_in_one_packet(point: Point) -> None:
    visitor = await point.visit(80, tls=False)
    binding = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    await visitor.say(bytes(binding) + allocate())
    first, second = await heard(visitor), await heard(visitor)
    assert first.attributes["XOR-MAPPED-ADDRESS"] == visitor.writer.get_extra_info("sockname")
    assert second.error_code == 401


def _with(message: bytes, at: int, byte: int) -> bytes:
    return message[:at] + bytes([byte]) + message[at + 1 :]


BINDING = bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST, b"0123456789ab"))


@pytest.mark.parametrize(
    "said",
    [
        _with(BINDING, 4, 0),
        _with(BINDING, 3, 1),
        _with(BINDING, 2, 0x10),
        bytes(stun.Message(stun.Method.BINDING, stun.Class.INDICATION)),
        bytes(stun.Message(stun.Method.BINDING, stun.Class.RESPONSE)),
        bytes(stun.Message(stun.Method.REFRESH, stun.Class.REQUEST)),
        bytes(stun.Message(stun.Method.CHANNEL_BIND, stun.Class.REQUEST)),
        bytes(stun.Message(stun.Method.SEND, stun.Class.INDICATION, attributes={"DATA": b"to somebody"})),
        _with(BINDING, 3, 8) + b"\x00\x0d\x00\x02\x00\x00\x00\x00",
        _with(BINDING, 3, 8) + b"\x80\x28\x00\x04\x00\x00\x00\x00",
        _with(BINDING, 3, 8) + b"\x00\x06\x00\x02\xff\xff\x00\x00",
        b"\x01\x0f" + BINDING[2:],
    ],
    ids=["cookie", "odd length", "oversize", "indication", "response", "refresh", "channel", "send"]
    + ["malformed attribute", "wrong fingerprint", "not UTF-8", "unknown method"],
)
async def test_whatever_else_is_closed_without_an_answer(point: Point, said: bytes) -> None:
    visitor = await point.visit(80, tls=False)
    await visitor.say(said)
    assert await visitor.is_closed()
    assert point.told == []


def allocate(*, nonce: bytes | None = None, name: str = NONCE) -> bytes:
    """With the server's nonce it is the second one, with the test's own as its user name."""
    message = stun.Message(stun.Method.ALLOCATE, stun.Class.REQUEST)
    message.attributes["REQUESTED-TRANSPORT"] = 0x11000000
    if nonce is not None:
        message.attributes |= {"USERNAME": name, "REALM": REALM, "NONCE": nonce}
        message.add_message_integrity(make_integrity_key(name, REALM, CREDENTIAL))
    return bytes(message)


async def asked(visitor: Visitor, question: bytes) -> stun.Message:
    await visitor.say(question)
    return await heard(visitor)


async def heard(visitor: Visitor) -> stun.Message:
    async with asyncio.timeout(PATIENCE):
        header = await visitor.reader.readexactly(stun.HEADER_LENGTH)
        return stun.parse_message(header + await visitor.reader.readexactly(int.from_bytes(header[2:4])))
