"""DNS messages that are not plain, read by dnspython: rare types, odd names, broken packets."""

from __future__ import annotations

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from diagnostics.net.dns_message import Message, Records


def read_any(wire: bytes, asked: bytes) -> Message | None:
    """A response to the packet that asked; None where it is none, or no DNS message at all."""
    try:
        message = dns.message.from_wire(wire, ignore_trailing=True)
        if dns.message.from_wire(asked).is_response(message):
            return translated(message)
    except (dns.exception.DNSException, ValueError):
        pass
    return None


def translated(message: dns.message.Message) -> Message:
    """dnspython's message in our own words."""
    soa = next((rrset for rrset in message.authority if rrset.rdtype == dns.rdatatype.SOA), None)
    return Message(
        rcode=int(message.rcode()),
        answers={
            (rrset.name.to_text().lower(), int(rrset.rdtype)): _records(rrset)
            for rrset in message.answer
            if rrset.rdclass == dns.rdataclass.IN and rrset.covers == dns.rdatatype.NONE
        },
        empty=not message.answer,
        authoritative=bool(message.flags & dns.flags.AA),
        authentic=bool(message.flags & dns.flags.AD),
        truncated=bool(message.flags & dns.flags.TC),
        has_name_servers=any(rrset.rdtype == dns.rdatatype.NS for rrset in message.authority),
        negative_ttl=min(soa.ttl, soa[0].minimum) if soa else None,
        extended_errors=tuple(int(option.code) for option in message.options if isinstance(option, dns.edns.EDEOption)),
    )


def _records(rrset: dns.rrset.RRset) -> Records:
    return Records(rrset.ttl, tuple(rdata.to_text() for rdata in rrset))
