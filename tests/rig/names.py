"""The customers' name server, with faults of its own."""

from __future__ import annotations

import asyncio
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from tests.rig.plan import (
    CHECK,
    CHECK_ADDRESS,
    PORTAL,
    PORTAL_ADDRESS,
    SIGN_IN,
    SIGN_IN_ADDRESS,
    SINKHOLE_ADDRESS,
    Name,
)

ADDRESSES: dict[str, str] = {
    PORTAL: PORTAL_ADDRESS,
    CHECK: CHECK_ADDRESS,
    SIGN_IN: SIGN_IN_ADDRESS,
    Name.SINKHOLE: SINKHOLE_ADDRESS,
}
REFUSALS: dict[str, dns.rcode.Rcode] = {Name.SERVFAIL: dns.rcode.SERVFAIL, Name.REFUSED: dns.rcode.REFUSED}


class NameServer(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if answer := answer_to(dns.message.from_wire(data)):
            self.transport.sendto(answer.to_wire(), addr)


def answer_to(query: dns.message.Message) -> dns.message.Message | None:
    """None where the customer waits in vain. Names have IPv4 addresses only; what is not listed does not exist."""
    question = query.question[0]
    name = question.name.to_text(omit_final_dot=True).lower()
    if name == Name.UNANSWERED:
        return None
    answer = dns.message.make_response(query, recursion_available=True)
    if name not in ADDRESSES:
        answer.set_rcode(REFUSALS.get(name, dns.rcode.NXDOMAIN))
    elif question.rdtype == dns.rdatatype.A:
        answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", "A", ADDRESSES[name]))
    return answer
