"""One DNS question to one name server: UDP, then TCP where the answer does not fit.

Only an answer to the very question is taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import dns.asyncquery
import dns.exception
import dns.message
import dns.rcode

from diagnostics.net.config import Endpoint
from diagnostics.net.dns_fallback import translated
from diagnostics.net.dns_message import BADVERS, FORMERR, NOERROR, NOTIMP, NXDOMAIN, SERVFAIL, Message, Question, query
from diagnostics.net.dns_sockets import Sockets, Told, random_number


class NoUsableAnswer(Exception):
    """The name server did not answer in time, could not be reached, or said nothing that answers the question."""

    def __init__(
        self,
        detail: str,
        *,
        down: bool = False,
        worth_repeating: bool = False,
        failed: bool = False,
        extended_errors: tuple[int, ...] = (),
    ) -> None:
        super().__init__(detail)
        self.down = down
        """Nothing of use came back: the name server may be down. Otherwise it is alive and said no."""
        self.worth_repeating = worth_repeating
        """The packet may have been lost; a refusal would only come again."""
        self.failed = failed
        """SERVFAIL: it tried and could not, or DNSSEC forbids what it found."""
        self.extended_errors = extended_errors
        """Why, in the numbers of RFC 8914."""


class Exchange:
    """The sockets to all name servers. Follows its user from one event loop to the next."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sockets: dict[Endpoint, Sockets] = {}
        self._end: AsyncGenerator[None, None] | None = None

    def ask_at_once(self, server: Endpoint, question: Question, seconds: float, told: Told) -> bool:
        """Ask without waiting, where that can be; `told` hears the first answer of all, for `ask` to make use of.

        False, and nothing asked, where a socket would have to be opened.
        """
        loop = asyncio.get_running_loop()
        sockets = self._sockets.get(server) if loop is self._loop else None
        return sockets is not None and sockets.ask_at_once(question, loop.time() + seconds, told)

    async def ask(
        self, server: Endpoint, question: Question, seconds: float, first: Message | OSError | None = None
    ) -> Message:
        """The server's answer, NOERROR or NXDOMAIN, in that many seconds; raises NoUsableAnswer.

        `first` is what became of the question when it was asked before: the next step follows from that.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            await self._start(loop)
        until = loop.time() + seconds
        try:
            answer = await self._exchange(server, question, until, first, edns=True)
            if answer.rcode in _NO_EDNS:
                answer = await self._exchange(server, question, until, edns=False)
        except TimeoutError as problem:
            raise NoUsableAnswer("no answer in time", down=True, worth_repeating=True) from problem
        except OSError as problem:
            raise NoUsableAnswer("not reachable", down=True) from problem
        except (dns.exception.DNSException, EOFError) as problem:
            raise NoUsableAnswer("not readable") from problem
        if answer.rcode not in (NOERROR, NXDOMAIN):
            raise NoUsableAnswer(
                dns.rcode.to_text(dns.rcode.Rcode.make(answer.rcode)),
                failed=answer.rcode == SERVFAIL,
                extended_errors=answer.extended_errors,
            )
        if is_referral(answer):
            raise NoUsableAnswer("a referral instead of an answer")
        return answer

    async def _exchange(
        self, server: Endpoint, question: Question, until: float, first: Message | OSError | None = None, *, edns: bool
    ) -> Message:
        if isinstance(first, OSError):
            raise first
        answer = first or await self._sockets_to(server).ask(question, until, edns=edns)
        if not answer.truncated:
            return answer
        asked = dns.message.from_wire(query(random_number(), question, edns=edns))
        async with asyncio.timeout_at(until):
            return translated(await dns.asyncquery.tcp(asked, server.address, port=server.port))

    def _sockets_to(self, server: Endpoint) -> Sockets:
        sockets = self._sockets.get(server)
        if sockets is None:
            sockets = self._sockets[server] = Sockets(server)
        return sockets

    async def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Sockets belong to a loop. The end of this one will close them, as it ends all asynchronous generators."""
        self._loop, self._sockets = loop, {}
        self._end = _closing_at_the_end(self._sockets)
        await anext(self._end)


async def _closing_at_the_end(opened: dict[Endpoint, Sockets]) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        for sockets in opened.values():
            sockets.close()


_NO_EDNS = frozenset({FORMERR, NOTIMP, BADVERS})


def is_referral(answer: Message) -> bool:
    """RFC 2308 section 2.2: name servers of somewhere else and no SOA is "ask them", not "there is no such record"."""
    empty = answer.rcode == NOERROR and answer.empty and not answer.authoritative
    return empty and answer.has_name_servers and answer.negative_ttl is None
