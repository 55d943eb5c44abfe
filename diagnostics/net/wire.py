"""The client's side of SMTP on the wire: exact replies, stage by stage, within hard limits.

aiosmtplib was tried first. It cannot carry the product: it does not say whether a connection was lost before or after
the message was handed over, it drops a reply that comes unasked (such as 421 before closing), pairs left-over lines
with the next command, and keeps nothing of an unreadable banner.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass

from diagnostics.domain import SmtpReply, SmtpStage
from diagnostics.net.tls import problem_text, session, start_tls
from diagnostics.plain import plain

MAX_REPLY_TEXT = 2000
NO_REPLY = "no reply in time"
"""Said of a conversation that ended because the other side kept us waiting."""


@dataclass(frozen=True, slots=True)
class SmtpLimits:
    """Seconds and bytes.

    `banner` is longer than the wait for any other reply, as some servers let clients wait on purpose; `content` is the
    wait for the reply to the message, which servers scan first; `total` covers a whole conversation.
    """

    banner: float = 15.0
    reply: float = 10.0
    content: float = 30.0
    tls: float = 5.0
    quit: float = 2.0
    total: float = 20.0
    received: int = 65536
    line: int = 4096


DEFAULT_LIMITS = SmtpLimits()


class Interrupted(Exception):
    """The conversation cannot go on: closed, timed out, too much, or not SMTP.

    The text says which, for people who read logs.
    """


class TlsFailed(Exception):
    """The TLS handshake came to nothing, and the connection with it.

    The text says why. `unverified` where the certificate was the only problem.
    """

    def __init__(self, why: str, *, unverified: bool = False) -> None:
        super().__init__(why)
        self.unverified = unverified


class Inbox(asyncio.Protocol):
    """What the other side sent, not yet read. Cuts the connection when it sends more than `limit` bytes in all."""

    def __init__(self, limit: int = DEFAULT_LIMITS.received) -> None:
        self.received = bytearray()
        self.end = ""
        self._room = limit
        self._news = asyncio.Event()
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data[: self._room]
        self._room -= len(data)
        if self._room <= 0:
            self._finish("sent too much")
            if isinstance(self._transport, asyncio.Transport):
                self._transport.abort()
        self._news.set()

    def eof_received(self) -> bool:
        self._finish("closed the connection")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish("closed the connection" if exc is None else "the connection was reset")

    def _finish(self, how: str) -> None:
        self.end = self.end or how
        self._news.set()

    async def line(self, limit: int) -> bytes:
        """The next line without its ending; raises Interrupted where none can come any more."""
        searched = 0
        while True:
            found = self.received.find(b"\n", searched)
            if found > limit or (found < 0 and len(self.received) > limit):
                raise Interrupted("a line is too long")
            if found >= 0:
                line = bytes(self.received[:found]).removesuffix(b"\r")
                del self.received[: found + 1]
                return line
            if self.end:
                raise Interrupted(self.end)
            searched = len(self.received)
            self._news.clear()
            await self._news.wait()


class SmtpClient:
    """One conversation. `replies` fills up as they come, whatever happens next."""

    def __init__(self, transport: asyncio.Transport, inbox: Inbox, limits: SmtpLimits = DEFAULT_LIMITS) -> None:
        self.replies: list[SmtpReply] = []
        self.tls_version = ""
        self.tls_issuer = ""
        self._transport = transport
        self._inbox = inbox
        self._limits = limits

    async def banner(self) -> SmtpReply:
        """The reply that opens the conversation; raises Interrupted."""
        return await self.reply(SmtpStage.BANNER, self._limits.banner)

    async def reply(self, stage: SmtpStage, seconds: float | None = None) -> SmtpReply:
        """The next reply; raises Interrupted, after keeping what came of it."""
        lines: list[bytes] = []
        try:
            async with asyncio.timeout(self._limits.reply if seconds is None else seconds):
                while True:
                    line = await self._inbox.line(self._limits.line)
                    match = _REPLY_LINE.fullmatch(line)
                    if match is None:
                        lines.append(line)
                        raise Interrupted("not an SMTP reply")
                    lines.append(match["text"] or b"")
                    if match["more"] != b"-":
                        return self._keep(stage, int(match["code"]), lines)
        except TimeoutError as problem:
            self._keep_rest(stage, lines)
            raise Interrupted(NO_REPLY) from problem
        except Interrupted:
            self._keep_rest(stage, lines)
            raise

    async def command(self, stage: SmtpStage, line: str, seconds: float | None = None) -> SmtpReply:
        """Send one command and read its reply; raises Interrupted, or ValueError for a command with control characters.

        A server may say 421 and close at any time (RFC 5321 section 3.8): then that is the reply. Other lines that
        nobody asked for are dropped.
        """
        if not line.isprintable():
            raise ValueError("a command must not hold control characters")
        if self._inbox.received.startswith(b"421"):
            return await self.reply(stage, seconds)
        self._inbox.received.clear()
        self._transport.write(line.encode() + b"\r\n")
        return await self.reply(stage, seconds)

    async def content(self, message: bytes) -> SmtpReply:
        """Hand the message over (after 354); raises Interrupted, and then nobody knows whether it was taken."""
        lines = re.sub(rb"\r\n|\r|\n", b"\r\n", message).removesuffix(b"\r\n")
        stuffed = re.sub(rb"(?m)^\.", b"..", lines)
        self._transport.write(stuffed + b"\r\n.\r\n")
        return await self.reply(SmtpStage.CONTENT, self._limits.content)

    async def start_tls(self, host: str, context: ssl.SSLContext) -> None:
        """Encrypt (after 220 to STARTTLS). Raises TlsFailed, also where the other side resets, closes or stalls.

        Whatever arrived in the clear before the handshake is thrown away (RFC 3207 section 6: it may have been slipped
        in).
        """
        self._inbox.received.clear()
        try:
            async with asyncio.timeout(self._limits.tls):
                self._transport = await start_tls(self._transport, self._inbox, host, context)
        except ssl.SSLError as problem:
            unverified = isinstance(problem, ssl.SSLCertVerificationError)
            raise TlsFailed(problem_text(problem), unverified=unverified) from problem
        except (TimeoutError, OSError) as problem:
            raise TlsFailed("the TLS handshake was not finished") from problem
        self.tls_version, self.tls_issuer = session(self._transport)

    async def quit(self) -> None:
        """Say goodbye and close; what comes of the goodbye changes nothing."""
        try:
            await self.command(SmtpStage.QUIT, "QUIT", self._limits.quit)
        except Interrupted:
            pass
        finally:
            self.close()

    def close(self) -> None:
        self._transport.abort()

    def _keep(self, stage: SmtpStage, code: int, lines: list[bytes]) -> SmtpReply:
        reply = SmtpReply(stage, code, plain(b"\n".join(lines), MAX_REPLY_TEXT))
        self.replies.append(reply)
        return reply

    def _keep_rest(self, stage: SmtpStage, lines: list[bytes]) -> None:
        rest = [*lines, bytes(self._inbox.received[: self._limits.line])]
        if any(rest):
            self._keep(stage, 0, [line for line in rest if line])


_REPLY_LINE = re.compile(rb"(?P<code>[2-5][0-9]{2})(?:(?P<more>[ -])(?P<text>.*))?", re.DOTALL)
