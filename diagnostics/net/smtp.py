"""Talks to a mail host as far as one may without naming a recipient: banner, EHLO, STARTTLS, EHLO, QUIT.

Never RCPT, never VRFY.
"""

from __future__ import annotations

import asyncio
import ssl
import weakref
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter

from diagnostics.domain import ConnectOutcome, SmtpConversation, SmtpReply, SmtpStage
from diagnostics.net.dialer import Dialer
from diagnostics.net.tls import unverifying_context, verifying_context
from diagnostics.net.wire import DEFAULT_LIMITS, NO_REPLY, Inbox, Interrupted, SmtpClient, SmtpLimits, TlsFailed

PORT = 25
MAX_AT_ONCE = 500
MAX_AT_ONCE_PER_HOST = 2


@dataclass(slots=True)
class SmtpProber:
    """Holds conversations, few at once with the same host. For use on one event loop."""

    dialer: Dialer
    limits: SmtpLimits = DEFAULT_LIMITS
    _at_once: asyncio.Semaphore = field(init=False)
    _per_host: weakref.WeakValueDictionary[str, asyncio.Semaphore] = field(init=False)

    def __post_init__(self) -> None:
        self._at_once = asyncio.Semaphore(MAX_AT_ONCE)
        self._per_host = weakref.WeakValueDictionary()

    async def converse(self, host: str, addresses: tuple[str, ...] = ()) -> SmtpConversation:
        """What the host says on the first of its addresses that takes the connection.

        The addresses are looked up where none are given. A certificate that cannot be verified is noted, and the
        conversation is held once more without verifying, as far as the time suffices.
        """
        host_limit = self._per_host.setdefault(host.lower(), asyncio.Semaphore(MAX_AT_ONCE_PER_HOST))
        async with host_limit, self._at_once:
            started = perf_counter()
            deadline = asyncio.get_running_loop().time() + self.limits.total
            seen = _Seen(SmtpConversation(host, ConnectOutcome.FILTERED))
            try:
                async with asyncio.timeout_at(deadline):
                    await self._converse(seen, addresses, verifying_context(self.dialer.config.ca_file))
            except TimeoutError:
                seen.note(detail=NO_REPLY)
            except TlsFailed as failure:
                seen.note(tls_problem=str(failure))
                if failure.unverified:
                    await self._without_verifying(seen, deadline)
            finally:
                seen.close()
            return seen.conversation(round((perf_counter() - started) * 1000))

    async def _without_verifying(self, seen: _Seen, deadline: float) -> None:
        """Once more; what was seen the first time stands unless this gets further."""
        again = _Seen(seen.so_far)
        try:
            with suppress(TimeoutError, TlsFailed):
                async with asyncio.timeout_at(deadline):
                    await self._converse(again, (seen.so_far.address,), unverifying_context())
        finally:
            again.close()
        if again.client is not None and again.client.tls_version:
            seen.become(again)

    async def _converse(self, seen: _Seen, addresses: tuple[str, ...], context: ssl.SSLContext) -> None:
        dialled = await self.dialer.dial(seen.so_far.host, PORT, partial(Inbox, self.limits.received), addresses)
        seen.note(outcome=dialled.outcome, address=dialled.address, detail=dialled.detail)
        if dialled.link is None:
            return
        seen.client = SmtpClient(dialled.link.transport, dialled.link.protocol, self.limits)
        try:
            await self._talk(seen, seen.client, context)
        except Interrupted as interruption:
            seen.note(detail=str(interruption))

    async def _talk(self, seen: _Seen, client: SmtpClient, context: ssl.SSLContext) -> None:
        banner = await client.banner()
        if banner.code == 220:
            extensions = await greet(client, self.dialer.config.helo_name)
            seen.note(extensions=extensions, starttls_offered="STARTTLS" in extensions)
            if "STARTTLS" in extensions:
                started = await client.command(SmtpStage.STARTTLS, "STARTTLS")
                if started.code == 220:
                    await client.start_tls(seen.so_far.host, context)
                    seen.note(extensions=await greet(client, self.dialer.config.helo_name))
                else:
                    seen.note(tls_problem="STARTTLS was offered and then refused")
        await client.quit()


async def greet(client: SmtpClient, name: str) -> tuple[str, ...]:
    """EHLO, or HELO where the server does not know EHLO (RFC 5321 section 3.2).

    The extensions it offers, in upper case.
    """
    reply = await client.command(SmtpStage.EHLO, f"EHLO {name}")
    if reply.code == 250:
        return _extensions(reply)
    if reply.code >= 500:
        await client.command(SmtpStage.EHLO, f"HELO {name}")
    return ()


def _extensions(ehlo: SmtpReply) -> tuple[str, ...]:
    return tuple(line.strip().upper() for line in ehlo.text.split("\n")[1:] if line.strip())


@dataclass(slots=True)
class _Seen:
    """A conversation as it grows, so that nothing said is lost when it is cut short."""

    so_far: SmtpConversation
    client: SmtpClient | None = None

    def note(self, **changes: object) -> None:
        self.so_far = replace(self.so_far, **changes)  # type: ignore[arg-type]

    def become(self, other: _Seen) -> None:
        self.so_far, self.client = other.so_far, other.client

    def close(self) -> None:
        if self.client is not None:
            self.client.close()

    def conversation(self, elapsed_ms: int) -> SmtpConversation:
        if self.client is None:
            return replace(self.so_far, elapsed_ms=elapsed_ms)
        replies = tuple(self.client.replies)
        return replace(
            self.so_far,
            elapsed_ms=elapsed_ms,
            replies=replies,
            reached=_reached(replies),
            tls_version=self.client.tls_version,
            tls_issuer=self.client.tls_issuer,
        )


def _reached(replies: tuple[SmtpReply, ...]) -> SmtpStage:
    """The last stage that was answered; a goodbye counts only after a conversation, not after a refusal."""
    answered = [reply for reply in replies if reply.code]
    if not answered:
        return SmtpStage.CONNECT
    last = answered[-1]
    before = [reply for reply in answered if reply.stage is not SmtpStage.QUIT]
    if last.stage is SmtpStage.QUIT and before and before[-1].code >= 400:
        return before[-1].stage
    return last.stage
