"""The conversation with a mail host: exact replies, hard limits, and never a recipient."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import Any

import pytest

from diagnostics.domain import ConnectOutcome, SmtpConversation, SmtpReply, SmtpStage
from diagnostics.net.config import NetworkConfig
from diagnostics.net.live import LiveNetwork
from diagnostics.net.wire import SmtpLimits

from .conftest import QUICK_SMTP, Talk, listener, network
from .smtp_server import CLOSE, RESET, SILENCE, MailServer

HOST = "mx.test"
ADDRESS = "198.51.100.7"


async def converse(talk: Talk, **config: Any) -> SmtpConversation:
    async with listener(talk) as server:
        net = network(dial_map={f"{ADDRESS}:25": server.endpoint}, helo_name="probe.example.org", **config)
        return await net.converse(HOST, (ADDRESS,))


def codes(seen: SmtpConversation) -> list[tuple[str, int]]:
    return [(reply.stage.value, reply.code) for reply in seen.replies]


async def test_a_plain_conversation_is_kept_word_for_word() -> None:
    server = MailServer()
    seen = await converse(server)
    assert seen.outcome is ConnectOutcome.OPEN
    assert seen.address == ADDRESS
    assert seen.replies == (
        SmtpReply(SmtpStage.BANNER, 220, "mx.test ready"),
        SmtpReply(SmtpStage.EHLO, 250, "mx.test\nSIZE 1000\n8BITMIME"),
        SmtpReply(SmtpStage.QUIT, 221, "bye"),
    )
    assert seen.extensions == ("SIZE 1000", "8BITMIME")
    assert not seen.starttls_offered
    assert seen.reached is SmtpStage.QUIT
    assert seen.detail == ""
    assert server.commands == ["EHLO probe.example.org", "QUIT"]


async def test_starttls_is_used_where_it_is_offered(server_tls, ca_file) -> None:
    server = MailServer(tls=server_tls(HOST))
    seen = await converse(server, ca_file=ca_file)
    assert codes(seen) == [("banner", 220), ("ehlo", 250), ("starttls", 220), ("ehlo", 250), ("quit", 221)]
    assert (seen.tls_version, seen.tls_issuer, seen.tls_problem) == ("TLSv1.3", "Example Test Authority", "")
    assert seen.starttls_offered
    assert seen.extensions == ("SIZE 1000", "8BITMIME")


async def test_an_unverified_certificate_is_noted_and_the_conversation_goes_on(server_tls) -> None:
    server = MailServer(tls=server_tls(HOST))
    seen = await converse(server)
    assert (seen.tls_version, seen.tls_issuer) == ("TLSv1.3", "Example Test Authority")
    assert "unable to get local issuer certificate" in seen.tls_problem
    assert seen.reached is SmtpStage.QUIT
    assert codes(seen) == [("banner", 220), ("ehlo", 250), ("starttls", 220), ("ehlo", 250), ("quit", 221)]


async def test_starttls_refused_is_noted() -> None:
    seen = await converse(MailServer({"EHLO": "250-mx.test\r\n250 STARTTLS", "STARTTLS": "454 4.7.0 not now"}))
    assert seen.reply(SmtpStage.STARTTLS) == SmtpReply(SmtpStage.STARTTLS, 454, "4.7.0 not now")
    assert seen.tls_problem == "STARTTLS was offered and then refused"


@pytest.mark.parametrize("handshake", ["this is no handshake", CLOSE, RESET, SILENCE], ids=lambda it: it or "CLOSE")
async def test_a_handshake_that_fails_is_a_tls_problem(handshake: str) -> None:
    seen = await converse(MailServer(handshake=handshake))
    assert (seen.outcome, seen.reached, seen.starttls_offered) == (ConnectOutcome.OPEN, SmtpStage.STARTTLS, True)
    assert (seen.tls_version, seen.detail) == ("", "")
    assert seen.tls_problem


async def test_a_banner_may_take_longer_than_other_replies() -> None:
    seen = await _late(0.3, SmtpLimits(banner=1.0, reply=0.15))
    assert codes(seen) == [("banner", 220), ("ehlo", 250), ("quit", 221)]


async def test_a_certificate_that_the_time_does_not_suffice_to_read_spoils_nothing(server_tls) -> None:
    started = perf_counter()
    seen = await _late(0.5, SmtpLimits(total=0.8), MailServer(tls=server_tls(HOST)))
    assert perf_counter() - started < 5
    assert codes(seen) == [("banner", 220), ("ehlo", 250), ("starttls", 220)]
    assert (seen.detail, seen.tls_version) == ("", "")
    assert "unable to get local issuer certificate" in seen.tls_problem


async def _late(seconds: float, limits: SmtpLimits, server: Talk | None = None) -> SmtpConversation:
    """A conversation with a server whose banner comes after so many seconds."""

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await (server or MailServer())(reader, writer)

    async with listener(late) as found:
        config = NetworkConfig(dial_map={f"{ADDRESS}:25": found.endpoint})
        return await LiveNetwork(config, smtp=limits).converse(HOST, (ADDRESS,))


async def test_both_refusals_are_kept_where_helo_is_refused_too() -> None:
    seen = await converse(MailServer({"EHLO": "502 5.5.2 what", "HELO": "554 5.7.1 go away"}))
    assert codes(seen) == [("banner", 220), ("ehlo", 502), ("ehlo", 554), ("quit", 221)]
    assert seen.reached is SmtpStage.EHLO


async def test_helo_is_tried_where_ehlo_is_unknown() -> None:
    server = MailServer({"EHLO": "502 5.5.2 what"})
    seen = await converse(server)
    assert server.verbs == ["EHLO", "HELO", "QUIT"]
    assert seen.reached is SmtpStage.QUIT
    assert seen.extensions == ()


@pytest.mark.parametrize(
    ("says", "reached", "decisive"),
    [
        ({"banner": "554 5.7.1 go away"}, "banner", ("banner", 554, "5.7.1 go away")),
        ({"banner": "421 4.3.2 busy"}, "banner", ("banner", 421, "4.3.2 busy")),
        ({"banner": "220-mx\r\n220-two\r\n220 three"}, "quit", ("banner", 220, "mx\ntwo\nthree")),
        ({"banner": "220"}, "quit", ("banner", 220, "")),
        ({"banner": b"220 mx.test\n"}, "quit", ("banner", 220, "mx.test")),
        ({"EHLO": "421 4.7.0 blocked"}, "ehlo", ("ehlo", 421, "4.7.0 blocked")),
        ({"EHLO": "550 no", "HELO": "550 no"}, "ehlo", ("ehlo", 550, "no")),
        ({"banner": "220 hello\r\n421 4.3.2 shutting down"}, "ehlo", ("ehlo", 421, "4.3.2 shutting down")),
        ({"banner": "220 hello\r\n220 again"}, "quit", ("ehlo", 250, "mx.test\nSIZE 1000\n8BITMIME")),
    ],
    ids=[
        "refused",
        "busy",
        "greeting of three lines",
        "bare code",
        "bare line feeds",
        "refused at EHLO",
        "refused at HELO, too",
        "421 unasked",
        "two greetings",
    ],
)
async def test_what_the_server_says_is_kept(says, reached, decisive) -> None:
    seen = await converse(MailServer(says))
    assert seen.reached.value == reached
    stage, code, text = decisive
    assert SmtpReply(SmtpStage(stage), code, text) in seen.replies


@pytest.mark.parametrize(
    ("says", "detail", "kept"),
    [
        ({"banner": CLOSE}, "closed the connection", []),
        ({"banner": RESET}, "the connection was reset", []),
        ({"banner": SILENCE}, "no reply in time", []),
        ({"banner": "HTTP/1.1 400 Bad Request"}, "not an SMTP reply", [("banner", 0, "HTTP/1.1 400 Bad Request")]),
        ({"banner": "SSH-2.0-OpenSSH"}, "not an SMTP reply", [("banner", 0, "SSH-2.0-OpenSSH")]),
        ({"banner": "999 what"}, "not an SMTP reply", [("banner", 0, "999 what")]),
        ({"banner": "220-never\r\n220-ending\r\n"}, "no reply in time", [("banner", 0, "never\nending")]),
        ({"banner": b"220 " + b"x" * 5000}, "a line is too long", None),
        ({"banner": b"220-y\r\n" * 20000}, "sent too much", None),
        ({"banner": b"\x00" * 100 + b"\r\n"}, "not an SMTP reply", [("banner", 0, "\ufffd" * 100)]),
        ({"banner": b"\x16\x03\x01\x02\x00\x01\xfc\n"}, "not an SMTP reply", None),
        ({"EHLO": CLOSE}, "closed the connection", [("banner", 220, "mx.test ready")]),
        ({"EHLO": SILENCE}, "no reply in time", [("banner", 220, "mx.test ready")]),
    ],
    ids=[
        "closes",
        "resets",
        "silent",
        "HTTP",
        "SSH",
        "code out of range",
        "greeting without end",
        "long line",
        "flood",
        "NUL",
        "TLS",
        "closes at EHLO",
        "silent at EHLO",
    ],
)
async def test_what_is_no_conversation_ends_as_a_value(says, detail, kept) -> None:
    seen = await converse(MailServer(says))
    assert seen.outcome is ConnectOutcome.OPEN
    assert seen.detail == detail
    if kept is not None:
        assert [(reply.stage.value, reply.code, reply.text) for reply in seen.replies] == kept
    assert all(len(reply.text) <= 2000 for reply in seen.replies)


async def test_control_and_bidi_characters_are_made_visible() -> None:
    seen = await converse(
        MailServer({"banner": "220 a\x00b\x1b[31mc\u202ed\u2066e\u200bf\tg ü \u2028h".encode() + b"\xff"})
    )
    banner = seen.reply(SmtpStage.BANNER)
    assert banner is not None
    assert banner.text == "a\ufffdb\ufffd[31mc\ufffdd\ufffde\ufffdf g ü \ufffdh\ufffd"


async def test_a_byte_at_a_time_ends_within_the_limit() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"2")
            await writer.drain()
            await asyncio.sleep(0.05)

    started = perf_counter()
    seen = await converse(drip)
    assert seen.detail == "no reply in time"
    assert perf_counter() - started < QUICK_SMTP.reply + 3


async def test_a_tarpit_ends_at_the_limit_for_the_whole_conversation() -> None:
    """Each reply comes just in time; together they take too long."""

    async def tarpit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in (b"220 hi\r\n", b"502 no\r\n", b"250 a\r\n", b"221 bye\r\n"):
            await asyncio.sleep(0.3)
            writer.write(answer)
            await writer.drain()

    async with listener(tarpit) as server:
        config = NetworkConfig(dial_map={f"{ADDRESS}:25": server.endpoint})
        started = perf_counter()
        seen = await LiveNetwork(config, smtp=SmtpLimits(reply=0.4, total=0.8)).converse(HOST, (ADDRESS,))
    assert perf_counter() - started < 5
    assert seen.detail == "no reply in time"
    assert codes(seen) == [("banner", 220), ("ehlo", 502)]


async def test_no_recipient_is_ever_named(server_tls) -> None:
    server = MailServer(tls=server_tls(HOST))
    await converse(server)
    assert set(server.verbs) == {"EHLO", "STARTTLS", "QUIT"}


async def test_addresses_are_tried_in_order(closed_port) -> None:
    async with listener(MailServer()) as server:
        net = network(dial_map={"198.51.100.1:25": closed_port, "198.51.100.2:25": server.endpoint})
        seen = await net.converse(HOST, ("198.51.100.1", "198.51.100.2"))
    assert (seen.outcome, seen.address) == (ConnectOutcome.OPEN, "198.51.100.2")


async def test_no_connection_is_an_outcome(closed_port) -> None:
    net = network(dial_map={"198.51.100.1:25": closed_port})
    seen = await net.converse(HOST, ("198.51.100.1",))
    assert (seen.outcome, seen.reached, seen.replies) == (ConnectOutcome.REFUSED, SmtpStage.CONNECT, ())


async def test_few_talk_to_the_same_host_at_once() -> None:
    at_once, most = 0, 0

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.05)
        at_once -= 1
        writer.write(b"554 no\r\n")

    async with listener(count) as server:
        net = network(dial_map={f"{ADDRESS}:25": server.endpoint})
        seen = await asyncio.gather(*(net.converse(HOST, (ADDRESS,)) for _ in range(6)))
    assert [one.outcome for one in seen] == [ConnectOutcome.OPEN] * 6
    assert most == 2
