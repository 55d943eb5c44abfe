"""The mini internet's mail servers: aiosmtpd speaks the protocol, an `Smtp` behaviour says where it differs."""

from __future__ import annotations

import asyncio
import logging
import secrets
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session, TLSSetupException

from diagnostics.domain import SmtpStage
from diagnostics.lab.behaviours import Folder, Smtp
from diagnostics.lab.bounce import delivery_status
from diagnostics.lab.mailbox import keep
from diagnostics.lab.ports import LOOPBACK, Connections

logger = logging.getLogger(__name__)

NO_SUCH_COMMAND = "502 5.5.2 Error: command not recognized"
MUST_ENCRYPT = "530 5.7.0 Must issue a STARTTLS command first"
TRY_LATER = "450 4.7.1 <{recipient}>: Recipient address rejected: Greylisted, please try again in {seconds:.0f} seconds"
WANTED_EXTENSIONS = ("SIZE", "8BITMIME", "STARTTLS")


@asynccontextmanager
async def serving(part: Smtp, host: str, context: ssl.SSLContext | None, mailboxes: Path) -> AsyncIterator[int]:
    """Play the part under that host name, storing what is taken; gives the port."""
    connections = Connections()
    actor = _Actor(part, host, mailboxes)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Server(actor, context, connections, loop), LOOPBACK, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        connections.abort()


class _Actor:
    """What one mail server says at each stage, and what it remembers between connections; aiosmtpd calls `handle_*`."""

    def __init__(self, part: Smtp, host: str, mailboxes: Path) -> None:
        self.part = part
        self.host = host
        self._mailboxes = mailboxes
        self._first_tried: dict[tuple[str, str], float] = {}

    async def handle_EHLO(
        self, server: _Server, session: Session, envelope: Envelope, name: str, usual: list[str]
    ) -> list[str]:
        session.host_name = name
        if not self.part.knows_ehlo:
            return [NO_SUCH_COMMAND]
        first, *extensions = usual
        wanted = [line for line in extensions if line[4:].startswith(WANTED_EXTENSIONS)]
        return [await self.reply(server, SmtpStage.EHLO, "\n".join((first, *wanted, "250 ENHANCEDSTATUSCODES")))]

    async def handle_HELO(self, server: _Server, session: Session, envelope: Envelope, name: str) -> str:
        session.host_name = name
        return await self.reply(server, SmtpStage.EHLO, f"250 {self.host}")

    async def handle_MAIL(
        self, server: _Server, session: Session, envelope: Envelope, sender: str, options: list[str]
    ) -> str:
        if self.part.insists_on_tls and session.ssl is None:
            return MUST_ENCRYPT
        envelope.mail_from = sender
        return await self.reply(server, SmtpStage.MAIL, "250 2.1.0 Ok")

    async def handle_RCPT(
        self, server: _Server, session: Session, envelope: Envelope, recipient: str, options: list[str]
    ) -> str:
        if wait := self._greylisted(envelope.mail_from or "", recipient):
            return (self.part.puts_off_with or TRY_LATER).format(recipient=recipient, seconds=wait)
        if recipient.rpartition("@")[0].lower() in self.part.serves:
            reply = "250 2.1.5 Ok"
        else:
            reply = await self.reply(server, SmtpStage.RCPT, "250 2.1.5 Ok", recipient)
        if reply.startswith("2"):
            envelope.rcpt_tos.append(recipient)
        return reply

    async def handle_DATA(self, server: _Server, session: Session, envelope: Envelope) -> str:
        reply = await self.reply(server, SmtpStage.CONTENT, self.part.taken, envelope.rcpt_tos[0])
        if reply.startswith("2"):
            self._place(envelope, envelope.original_content or b"")
        return reply

    def _place(self, envelope: Envelope, content: bytes) -> None:
        """Into the folder, and, where that is the part, back to the sender."""
        for recipient in envelope.rcpt_tos:
            if self.part.folder is not Folder.NOWHERE:
                keep(self._mailboxes, recipient, self.part.folder, content)
            if (bounce := self.part.bounces) and (sender := envelope.mail_from):
                report = delivery_status(bounce, host=self.host, sender=sender, recipient=recipient, content=content)
                keep(self._mailboxes, sender, Folder.INBOX, report)

    async def handle_exception(self, problem: Exception) -> str:
        """Clients may break off the TLS handshake, if only to look at a certificate; anything else is our own fault."""
        if not isinstance(problem, TLSSetupException):
            logger.error("lab mail server %s failed", self.host, exc_info=problem)
        return "451 4.3.0 Local error in processing"

    async def reply(self, server: _Server, stage: SmtpStage, usual: str, recipient: str = "") -> str:
        """The words for this stage; does not return where the part is to end the connection here."""
        if self.part.hangs_up_at is stage:
            server.hang_up()
            await _until_cancelled()
        words = self.part.replies.get(stage, usual)
        words = words.format(host=self.host, recipient=recipient, queue_id=secrets.token_hex(5).upper())
        words = words.replace("\n", "\r\n")
        if words.startswith("421"):
            await server.push(words)
            server.close()
            await _until_cancelled()
        return words

    def _greylisted(self, sender: str, recipient: str) -> float:
        """Seconds that this pair still has to wait."""
        now = asyncio.get_running_loop().time()
        first = self._first_tried.setdefault((sender.lower(), recipient.lower()), now)
        return max(0.0, first + self.part.greylists_for - now)


class _Server(SMTP):
    """One connection to the actor's mail server."""

    def __init__(
        self,
        actor: _Actor,
        context: ssl.SSLContext | None,
        connections: Connections,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(actor, hostname=actor.host, ident=actor.part.greeting, tls_context=context, loop=loop)
        self._actor = actor
        self._connections = connections
        self._stream: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._stream = self._connections.add(transport)
        super().connection_made(transport)

    async def push(self, status: str | bytes) -> None:
        """Words in any language; a tarpit lets them through byte by byte."""
        line = status if isinstance(status, bytes) else status.encode()
        if not self._actor.part.drips_every:
            await super().push(line)
            return
        for byte in line + b"\r\n":
            self._writer.write(bytes([byte]))
            await self._writer.drain()
            await asyncio.sleep(self._actor.part.drips_every)

    def hang_up(self) -> None:
        self._stream.abort()

    def close(self) -> None:
        self._stream.close()

    async def _handle_client(self) -> None:
        """The banner is the one thing that aiosmtpd has no hook for."""
        await asyncio.sleep(self._actor.part.banner_after)
        usual = "220"
        banner = await self._actor.reply(self, SmtpStage.BANNER, usual)
        if banner != usual:
            await self.push(banner)
            if not banner.startswith("220-"):
                self.close()
                return
        await super()._handle_client()

    async def smtp_STARTTLS(self, arg: str) -> None:
        usual = "220"
        refusal = await self._actor.reply(self, SmtpStage.STARTTLS, usual)
        if refusal != usual:
            await self.push(refusal)
            return
        await super().smtp_STARTTLS(arg)

    async def smtp_DATA(self, arg: str) -> None:
        usual = "354"
        refusal = await self._actor.reply(self, SmtpStage.DATA, usual)
        if refusal != usual:
            await self.push(refusal)
            return
        await super().smtp_DATA(arg)


async def _until_cancelled() -> None:
    """Wait for the connection's end, which cancels the task that serves it."""
    await asyncio.get_running_loop().create_future()
