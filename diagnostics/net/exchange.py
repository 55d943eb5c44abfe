"""One DNS question to one name server: UDP, then TCP where the answer does not fit.

Only an answer to the very question is taken.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import dns.asyncquery
import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from diagnostics.net.config import Endpoint

PAYLOAD = 1232
"""Bytes of UDP we take (EDNS, RFC 6891); the size that DNS Flag Day 2020 settled on."""


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


@dataclass(frozen=True, slots=True)
class Question:
    """`unchecked` sets CD (RFC 4035 section 3.2.2): answer even where DNSSEC says that the records are forged."""

    name: dns.name.Name
    rdtype: dns.rdatatype.RdataType
    unchecked: bool = False

    def query(self, *, edns: bool) -> dns.message.Message:
        """As a message. AD asks the server to say whether it has verified the answer (RFC 6840 section 5.7)."""
        flags = dns.flags.RD | dns.flags.AD | (dns.flags.CD if self.unchecked else 0)
        if edns:
            return dns.message.make_query(
                self.name, self.rdtype, flags=flags, use_edns=0, payload=PAYLOAD, id=next(_ids)
            )
        return dns.message.make_query(self.name, self.rdtype, flags=flags, use_edns=False, id=next(_ids))


def _random_ids() -> Iterator[int]:
    """Query ids that nobody can guess (RFC 5452 section 4), drawn many at a time.

    Every call of the system lets other threads take the interpreter, and the loop that asks would wait for it again.
    """
    while True:
        drawn = os.urandom(2048)
        for place in range(0, len(drawn), 2):
            yield int.from_bytes(drawn[place : place + 2])


_ids = _random_ids()
"""Of the loop's thread alone: generators take one caller at a time."""


def _draw_anew() -> None:
    global _ids
    _ids = _random_ids()


os.register_at_fork(after_in_child=_draw_anew)  # else parent and child would use the same ones


async def ask(server: Endpoint, question: Question, seconds: float) -> dns.message.Message:
    """The server's answer, NOERROR or NXDOMAIN, in that many seconds; raises NoUsableAnswer."""
    try:
        async with asyncio.timeout(seconds):
            answer = await _exchange(server, question.query(edns=True))
            if answer.rcode() in _NO_EDNS:
                answer = await _exchange(server, question.query(edns=False))
    except TimeoutError as problem:
        raise NoUsableAnswer("no answer in time", down=True, worth_repeating=True) from problem
    except OSError as problem:
        raise NoUsableAnswer("not reachable", down=True) from problem
    except (dns.exception.DNSException, EOFError) as problem:
        raise NoUsableAnswer("not readable") from problem
    if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        raise NoUsableAnswer(
            dns.rcode.to_text(answer.rcode()),
            failed=answer.rcode() == dns.rcode.SERVFAIL,
            extended_errors=tuple(
                int(option.code) for option in answer.options if isinstance(option, dns.edns.EDEOption)
            ),
        )
    if _is_referral(answer):
        raise NoUsableAnswer("a referral instead of an answer")
    return answer


_NO_EDNS = frozenset({dns.rcode.FORMERR, dns.rcode.NOTIMP, dns.rcode.BADVERS})


async def _exchange(server: Endpoint, query: dns.message.Message) -> dns.message.Message:
    loop = asyncio.get_running_loop()
    transport, asked = await loop.create_datagram_endpoint(
        lambda: _Question(query, loop.create_future()), remote_addr=(server.address, server.port)
    )
    try:
        transport.sendto(query.to_wire())
        answer = await asked.answer
    finally:
        transport.close()
    if answer.flags & dns.flags.TC:
        return await dns.asyncquery.tcp(query, server.address, port=server.port)
    return answer


class _Question(asyncio.DatagramProtocol):
    """A connected socket of its own for each question.

    Other senders' packets never reach it, and an ICMP refusal does at once.
    """

    def __init__(self, query: dns.message.Message, answer: asyncio.Future[dns.message.Message]) -> None:
        self._query = query
        self.answer = answer

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        try:
            message = dns.message.from_wire(data, ignore_trailing=True)
        except dns.message.Truncated as cut:
            message = cast(dns.message.Message, cut.message())  # type: ignore[no-untyped-call]
        except (dns.exception.DNSException, ValueError):
            return  # Not a DNS message: wait on for the real answer.
        if self._query.is_response(message) and not self.answer.done():
            self.answer.set_result(message)

    def error_received(self, exc: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.answer.done():
            self.answer.cancel()


def _is_referral(answer: dns.message.Message) -> bool:
    """RFC 2308 section 2.2: name servers of somewhere else and no SOA is "ask them", not "there is no such record"."""
    types = {rrset.rdtype for rrset in answer.authority}
    empty = answer.rcode() == dns.rcode.NOERROR and not answer.answer and not answer.flags & dns.flags.AA
    return empty and dns.rdatatype.NS in types and dns.rdatatype.SOA not in types
