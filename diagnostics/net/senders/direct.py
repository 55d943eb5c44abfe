"""Straight to the recipient's MX, so that the exact reply of their server is known."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, replace
from functools import partial

from diagnostics.domain import Address, DnsStatus, SendOutcome, SmtpReply, SmtpStage, Transmission
from diagnostics.net.guard import is_address
from diagnostics.net.live import LiveNetwork
from diagnostics.net.smtp import PORT, greet
from diagnostics.net.tls import problem_text, unverifying_context, verifying_context
from diagnostics.net.wire import Inbox, Interrupted, SmtpClient, SmtpLimits

SLUG = "direct"
MAX_HOSTS = 5
LIMITS = SmtpLimits(total=55.0)


def build(network: LiveNetwork) -> Direct:
    return Direct(network)


@dataclass(frozen=True)
class Direct:
    """MX hosts by preference (RFC 5321 section 5.1).

    The next one where a host cannot be reached or refuses for now before the content.
    """

    network: LiveNetwork
    limits: SmtpLimits = LIMITS
    slug: str = SLUG

    async def send(
        self, message: bytes, sender: str, recipient: Address, *, tls_required: bool = False
    ) -> Transmission:
        """As `Sender.send` says; raises ValueError for an envelope address that cannot stand in a command."""
        letter = _Letter(message, _path(sender), _path(str(recipient)), tls_required)
        hosts = await self._hosts(recipient.domain)
        if isinstance(hosts, Transmission):
            return hosts
        state = _Progress()
        try:
            async with asyncio.timeout(self.limits.total):
                return await self._try_hosts(hosts, letter, state)
        except TimeoutError:
            outcome = SendOutcome.UNKNOWN if state.handed_over else SendOutcome.UNREACHABLE
            return state.transmission(outcome, f"stopped after {self.limits.total:g} seconds")
        finally:
            state.close()

    async def _hosts(self, domain: str) -> tuple[str, ...] | Transmission:
        answer = await self.network.resolve(domain, "MX")
        if answer.status is DnsStatus.UNANSWERED:
            return _unreachable("the domain could not be looked up")
        if answer.status is DnsStatus.NO_SUCH_NAME:
            return _unreachable("no such domain")
        if answer.status is DnsStatus.NO_DATA:
            return (domain,)  # RFC 5321 section 5.1: the implicit MX.
        hosts = tuple(record.partition(" ")[2].rstrip(".") for record in answer.records)
        if not any(hosts):
            return _unreachable("null MX: the domain takes no mail")  # RFC 7505
        named = tuple(host for host in hosts if host and not is_address(host))
        return named[:MAX_HOSTS] or _unreachable("the MX names an address where a host name belongs")

    async def _try_hosts(self, hosts: tuple[str, ...], letter: _Letter, state: _Progress) -> Transmission:
        deferred: Transmission | None = None
        failed = _unreachable("no MX host")
        for host in hosts:
            tried = await self._try_host(host, letter, state)
            if tried.outcome is SendOutcome.DEFERRED and not state.handed_over:
                deferred = deferred or tried
            elif tried.outcome is SendOutcome.UNREACHABLE:
                failed = tried
            else:
                return tried
        return deferred or failed

    async def _try_host(self, host: str, letter: _Letter, state: _Progress) -> Transmission:
        """Encrypted where offered.

        Where only the encryption fails and is not required, once more without (RFC 7435).
        """
        try:
            return await self._deliver(host, letter, state, encrypt=True)
        except ssl.SSLError as problem:
            if letter.tls_required:
                return state.transmission(SendOutcome.UNREACHABLE, f"TLS: {problem_text(problem)}")
        return await self._deliver(host, letter, state, encrypt=False)

    async def _deliver(self, host: str, letter: _Letter, state: _Progress, *, encrypt: bool) -> Transmission:
        state.close()
        dialled = await self.network.dialer.dial(host, PORT, partial(Inbox, self.limits.received))
        state.begin(host, dialled.address)
        if dialled.link is None:
            return state.transmission(SendOutcome.UNREACHABLE, dialled.detail or dialled.outcome.value)
        client = state.client = SmtpClient(dialled.link.transport, dialled.link.protocol, self.limits)
        try:
            refusal = await self._envelope(client, host, letter, encrypt)
            if refusal is None:
                state.handed_over = True
                refusal = await client.content(letter.message)
        except Interrupted as interruption:
            outcome = SendOutcome.UNKNOWN if state.handed_over else SendOutcome.UNREACHABLE
            return state.transmission(outcome, str(interruption))
        except _NoTls:
            await client.quit()
            return state.transmission(SendOutcome.UNREACHABLE, "TLS is required and was not offered")
        outcome = _outcome(refusal)
        if outcome is not SendOutcome.UNKNOWN:
            await client.quit()
        return state.transmission(outcome)

    async def _envelope(self, client: SmtpClient, host: str, letter: _Letter, encrypt: bool) -> SmtpReply | None:
        """Everything up to 354; the reply that stopped it, or None where the message may follow."""
        banner = await client.reply(SmtpStage.BANNER)
        if banner.code != 220:
            return banner
        name = self.network.config.helo_name
        extensions = await greet(client, name)
        if client.replies[-1].code != 250:
            return client.replies[-1]
        if encrypt and "STARTTLS" in extensions:
            started = await client.command(SmtpStage.STARTTLS, "STARTTLS")
            if started.code == 220:
                ca_file = self.network.config.ca_file
                await client.start_tls(
                    host, verifying_context(ca_file) if letter.tls_required else unverifying_context()
                )
                extensions = await greet(client, name)
                if client.replies[-1].code != 250:
                    return client.replies[-1]
        if letter.tls_required and not client.tls_version:
            raise _NoTls
        mail = await client.command(SmtpStage.MAIL, f"MAIL FROM:<{letter.sender}>{letter.parameters(extensions)}")
        if mail.code != 250:
            return mail
        rcpt = await client.command(SmtpStage.RCPT, f"RCPT TO:<{letter.recipient}>")
        if rcpt.code not in (250, 251):
            return rcpt
        data = await client.command(SmtpStage.DATA, "DATA")
        return None if data.code == 354 else data


class _NoTls(Exception):
    """TLS was required and not to be had."""


@dataclass(frozen=True)
class _Letter:
    message: bytes
    sender: str
    recipient: str
    tls_required: bool

    def parameters(self, extensions: tuple[str, ...]) -> str:
        """What MAIL FROM says beside the sender, as far as the server knows it."""
        known = {extension.partition(" ")[0] for extension in extensions}
        said = [f"SIZE={len(self.message)}"] if "SIZE" in known else []
        if not self.message.isascii() and "8BITMIME" in known:
            said.append("BODY=8BITMIME")
        if not (self.sender + self.recipient).isascii() and "SMTPUTF8" in known:
            said.append("SMTPUTF8")
        return "".join(f" {parameter}" for parameter in said)


class _Progress:
    """Where the hand-over stands, so that a time limit can say what is known."""

    def __init__(self) -> None:
        self.client: SmtpClient | None = None
        self.handed_over = False
        self._begun = Transmission(SendOutcome.UNREACHABLE, SLUG)

    def begin(self, host: str, address: str) -> None:
        self.client = None
        self._begun = Transmission(SendOutcome.UNREACHABLE, SLUG, host, address)

    def transmission(self, outcome: SendOutcome, detail: str = "") -> Transmission:
        client = self.client
        return replace(
            self._begun,
            outcome=outcome,
            detail=detail,
            replies=tuple(client.replies) if client else (),
            tls_version=client.tls_version if client else "",
        )

    def close(self) -> None:
        if self.client is not None:
            self.client.close()


def _outcome(reply: SmtpReply) -> SendOutcome:
    """By the first digit (RFC 5321 section 4.2.1).

    Anything but a clear answer to the content leaves open whether it was taken.
    """
    match reply.code // 100:
        case 2 if reply.stage is SmtpStage.CONTENT:
            return SendOutcome.ACCEPTED
        case 4:
            return SendOutcome.DEFERRED
        case 5:
            return SendOutcome.REFUSED
        case _:
            return SendOutcome.UNKNOWN if reply.stage is SmtpStage.CONTENT else SendOutcome.UNREACHABLE


def _unreachable(detail: str) -> Transmission:
    return Transmission(SendOutcome.UNREACHABLE, SLUG, detail=detail)


def _path(address: str) -> str:
    if not address.isprintable() or any(character in "<> " for character in address) or len(address) > 320:
        raise ValueError("an envelope address must not hold blanks, angle brackets or control characters")
    return address
