"""Straight to the recipient's MX, so that the exact reply of their server is known."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial

from diagnostics.domain import Address, ConnectOutcome, DnsStatus, SendOutcome, SmtpReply, SmtpStage, Transmission
from diagnostics.net.dialer import Dialled
from diagnostics.net.guard import is_address, is_allowed
from diagnostics.net.live import LiveNetwork
from diagnostics.net.smtp import PORT, greet
from diagnostics.net.tls import unverifying_context, verifying_context
from diagnostics.net.wire import Inbox, Interrupted, SmtpClient, SmtpLimits, TlsFailed

SLUG = "direct"
MAX_HOSTS = 5
LIMITS = SmtpLimits(banner=30.0, total=55.0)
PAUSES = (2.0, 5.0)
"""Seconds after which a name is looked up again that could not be: most such faults pass (RFC 5321 section 5.1)."""


def build(network: LiveNetwork) -> Direct:
    return Direct(network)


@dataclass(frozen=True)
class Direct:
    """MX hosts by preference (RFC 5321 section 5.1).

    The next one where a host cannot be reached, refuses us before MAIL (which is about that host alone), or refuses
    for now before the content.
    """

    network: LiveNetwork
    limits: SmtpLimits = LIMITS
    slug: str = SLUG
    pauses: tuple[float, ...] = PAUSES

    async def send(
        self, message: bytes, sender: str, recipient: Address, *, tls_required: bool = False
    ) -> Transmission:
        """As `Sender.send` says; raises ValueError for an envelope address that cannot stand in a command."""
        letter = _Letter(message, _path(sender), _path(str(recipient)), tls_required)
        state = _Progress()
        try:
            async with asyncio.timeout(self.limits.total):
                hosts = await self._hosts(recipient.domain)
                if isinstance(hosts, Transmission):
                    return hosts
                return await self._try_hosts(hosts, letter, state)
        except TimeoutError:
            stopped = f"stopped after {self.limits.total:g} seconds"
            if state.handed_over:
                return state.transmission(SendOutcome.UNKNOWN, stopped)
            return _furthest([*state.tried, state.transmission(SendOutcome.UNREACHABLE, stopped)])
        finally:
            state.close()

    async def _hosts(self, domain: str) -> tuple[str, ...] | Transmission:
        answer = await self.network.resolve(domain, "MX")
        for pause in self.pauses:
            if answer.status is not DnsStatus.UNANSWERED:
                break
            await asyncio.sleep(pause)
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
        for host in hosts:
            tried = await self._try_host(host, letter, state)
            if state.handed_over or (tried.outcome is SendOutcome.REFUSED and not _before_mail(tried)):
                return tried
            state.tried.append(tried)
        return _furthest(state.tried)

    async def _try_host(self, host: str, letter: _Letter, state: _Progress) -> Transmission:
        """Encrypted where offered.

        Where only the encryption fails and is not required, once more without (RFC 7435).
        """
        try:
            return await self._deliver(host, letter, state, encrypt=True)
        except TlsFailed as failure:
            if letter.tls_required:
                return state.transmission(SendOutcome.UNREACHABLE, f"TLS: {failure}")
        return await self._deliver(host, letter, state, encrypt=False)

    async def _deliver(self, host: str, letter: _Letter, state: _Progress, *, encrypt: bool) -> Transmission:
        state.close()
        dialled = await self._dialled(host)
        state.begin(host, dialled.address)
        if dialled.link is None:
            return state.transmission(SendOutcome.UNREACHABLE, dialled.detail or dialled.outcome.value)
        state.sent_from = self._public(dialled.link.transport.get_extra_info("sockname"))
        client = state.client = SmtpClient(dialled.link.transport, dialled.link.protocol, self.limits)
        try:
            refusal = await self._envelope(client, host, letter, encrypt)
            if refusal is None:
                state.handed_over = True
                refusal = await client.content(letter.message)
        except Interrupted as interruption:
            outcome = SendOutcome.UNKNOWN if state.handed_over else SendOutcome.UNREACHABLE
            return state.transmission(outcome, str(interruption))
        except _NotOffered as missing:
            await client.quit()
            return state.transmission(SendOutcome.UNREACHABLE, str(missing))
        outcome = _outcome(refusal)
        if outcome is not SendOutcome.UNKNOWN:
            await client.quit()
        return state.transmission(outcome)

    async def _dialled(self, host: str) -> Dialled[Inbox]:
        inbox = partial(Inbox, self.limits.received)
        dialled = await self.network.dialer.dial(host, PORT, inbox)
        for pause in self.pauses:
            if dialled.outcome is not ConnectOutcome.DNS_UNANSWERED:
                break
            await asyncio.sleep(pause)
            dialled = await self.network.dialer.dial(host, PORT, inbox)
        return dialled

    def _public(self, sockname: object) -> str:
        """The address that their server saw: our socket's, or behind a translation (NAT) the only one of ours."""
        own = str(sockname[0]) if isinstance(sockname, tuple) and sockname else ""
        if is_allowed(own, documentation=True):
            return own
        same = [one for one in self.network.config.own_addresses if (":" in one) == (":" in own)]
        return same[0] if own and len(same) == 1 else ""

    async def _envelope(self, client: SmtpClient, host: str, letter: _Letter, encrypt: bool) -> SmtpReply | None:
        """Everything up to 354; the reply that stopped it, or None where the message may follow."""
        banner = await client.banner()
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
            raise _NotOffered("TLS is required and was not offered")
        if not letter.ascii and "SMTPUTF8" not in extensions:
            # RFC 6531 section 3.2: such an address must not be named to a server that cannot read it.
            raise _NotOffered("the address needs SMTPUTF8, which was not offered")
        mail = await client.command(SmtpStage.MAIL, f"MAIL FROM:<{letter.sender}>{letter.parameters(extensions)}")
        if mail.code // 100 != 2:
            return mail
        rcpt = await client.command(SmtpStage.RCPT, f"RCPT TO:<{letter.recipient}>")
        if rcpt.code // 100 != 2:
            return rcpt
        data = await client.command(SmtpStage.DATA, "DATA")
        return None if data.code == 354 else data


class _NotOffered(Exception):
    """The server lacks an extension without which the message must not be handed over."""


@dataclass(frozen=True)
class _Letter:
    message: bytes
    sender: str
    recipient: str
    tls_required: bool

    @property
    def ascii(self) -> bool:
        """Whether both addresses of the envelope can be named to any server."""
        return (self.sender + self.recipient).isascii()

    def parameters(self, extensions: tuple[str, ...]) -> str:
        """What MAIL FROM says beside the sender, as far as the server knows it."""
        known = {extension.partition(" ")[0] for extension in extensions}
        said = [f"SIZE={len(self.message)}"] if "SIZE" in known else []
        if not self.message.isascii() and "8BITMIME" in known:
            said.append("BODY=8BITMIME")
        if not self.ascii:
            said.append("SMTPUTF8")
        return "".join(f" {parameter}" for parameter in said)


class _Progress:
    """Where the hand-over stands, so that a time limit can say what is known."""

    def __init__(self) -> None:
        self.client: SmtpClient | None = None
        self.handed_over = False
        self.sent_from = ""
        self.tried: list[Transmission] = []
        self._begun = Transmission(SendOutcome.UNREACHABLE, SLUG)

    def begin(self, host: str, address: str) -> None:
        self.client = None
        self.sent_from = ""
        self._begun = Transmission(SendOutcome.UNREACHABLE, SLUG, host, address)

    def transmission(self, outcome: SendOutcome, detail: str = "") -> Transmission:
        client = self.client
        return replace(
            self._begun,
            outcome=outcome,
            detail=detail,
            replies=tuple(client.replies) if client else (),
            tls_version=client.tls_version if client else "",
            sent_from=self.sent_from,
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


def _before_mail(tried: Transmission) -> bool:
    return tried.decisive is not None and tried.decisive.stage in (SmtpStage.BANNER, SmtpStage.EHLO)


def _furthest(tried: list[Transmission]) -> Transmission:
    """A refusal from MAIL on, else one before it, else what stood in the way at all; of equals the first."""
    refusals = [one for one in tried if one.outcome is not SendOutcome.UNREACHABLE]
    return next((one for one in refusals if not _before_mail(one)), (refusals or tried)[0])


def _unreachable(detail: str) -> Transmission:
    return Transmission(SendOutcome.UNREACHABLE, SLUG, detail=detail)


def _path(address: str) -> str:
    if not address.isprintable() or any(character in "<> " for character in address) or len(address) > 320:
        raise ValueError("an envelope address must not hold blanks, angle brackets or control characters")
    return address
