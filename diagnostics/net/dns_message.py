"""DNS messages as far as probes need them (RFC 1035 section 4), made and read without a library.

dnspython spends a hundred times the processor time on a message, most of it on building objects; c-ares hides the
rcode and AD, and cannot ask for DS or TLSA. What is read here is what dnspython would have read: whatever is not plain
raises Unsure, and then dnspython reads it (`dns_fallback`).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from functools import lru_cache
from socket import AF_INET6, inet_ntoa, inet_ntop
from typing import NamedTuple

import dns.ipv6
import dns.name

PAYLOAD = 1232
"""Bytes of UDP we take (EDNS, RFC 6891); the size that DNS Flag Day 2020 settled on."""
A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, OPT, TLSA = 1, 2, 5, 6, 12, 15, 16, 28, 33, 41, 52
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, BADVERS = 0, 1, 2, 3, 4, 16


class Unsure(Exception):
    """This message is one for dnspython to judge: unusual, or broken."""


class Question(NamedTuple):
    """`name` as `absolute_name` gives it, `rdtype` by its number (RFC 1035 section 3.2.2).

    `unchecked` sets CD (RFC 4035 section 3.2.2): answer even where DNSSEC says that the records are forged.
    """

    name: str
    rdtype: int
    unchecked: bool = False


class Records(NamedTuple):
    """What one name has of one type.

    `ttl` in seconds, the least of theirs; `texts` in presentation form (RFC 1035 section 5.1), each record once.
    """

    ttl: int
    texts: tuple[str, ...]


class Message(NamedTuple):
    """A response. One that is `truncated` says no more than that."""

    rcode: int
    answers: dict[tuple[str, int], Records]
    """By name (in lower case, absolute) and type, those of the class IN."""
    empty: bool = False
    """No record of any class in the answer section."""
    authoritative: bool = False
    authentic: bool = False
    truncated: bool = False
    has_name_servers: bool = False
    """NS records in the authority section."""
    negative_ttl: int | None = None
    """Seconds for which a denial may be kept, by the SOA beside it (RFC 2308 section 5); None without one."""
    extended_errors: tuple[int, ...] = ()
    """Why it failed, in the numbers of RFC 8914."""


def absolute_name(text: str) -> str:
    """The name in lower case, escaped (RFC 1035 section 5.1) and with its final dot; other alphabets by IDNA.

    Raises dns.exception.DNSException or UnicodeError for what cannot be a domain name.
    """
    text = text.lower()
    dotted = text if text.endswith(".") else f"{text}."
    if len(dotted) < _MAX_NAME and _PLAIN_NAME.fullmatch(dotted):
        return dotted
    return dns.name.from_text(text).to_text().lower()


def query(number: int, question: Question, *, edns: bool) -> bytes:
    """The packet that asks. AD asks the server to say whether it has verified the answer (RFC 6840 section 5.7)."""
    flags = _RD | _AD | (_CD if question.unchecked else 0)
    return _HEADER.pack(number, flags, 1, 0, 0, edns) + question_wire(question) + (_OPT_RECORD if edns else b"")


@lru_cache(maxsize=4096)
def question_wire(question: Question) -> bytes:
    """The question section (RFC 1035 section 4.1.2)."""
    return _name_wire(question.name) + _QUESTION.pack(question.rdtype, _IN)


def read(wire: bytes, question: Question) -> Message:
    """A response to that question; raises Unsure, and nothing else, for whatever is not plainly one."""
    try:
        return _read(wire, question)
    except (struct.error, LookupError, ValueError) as problem:
        raise Unsure("cut short, or of an unusual kind") from problem


def _read(wire: bytes, question: Question) -> Message:
    _, flags, questions, answers, authority, additional = _HEADER.unpack_from(wire)
    at = _HEADER.size
    asked = question_wire(question)
    given = wire[at : at + len(asked)]
    if given != asked and (given[-4:] != asked[-4:] or given[:-4].lower() != asked[:-4]):
        raise Unsure("another question, or one spelled in another way")
    if questions != 1 or flags & (_QR | _OPCODE) != _QR:
        raise Unsure("not a response to one question")
    if flags & _TC:
        return Message(NOERROR, {}, truncated=True)
    at += len(asked)
    found: dict[tuple[str, int], list[_Record]] = {}
    at = _read_section(wire, at, answers, question.name, found)
    has_name_servers, negative_ttl = False, None
    if authority:
        beside: dict[tuple[str, int], list[_Record]] = {}
        at = _read_section(wire, at, authority, question.name, beside)
        has_name_servers = any(kind == NS for _, kind in beside)
        negative_ttl = next((_negative_ttl(records) for (_, kind), records in beside.items() if kind == SOA), None)
    edns_flags, extended_errors = _read_additional(wire, at, additional, question.name)
    return Message(
        flags & 0xF | edns_flags >> 20 & 0xFF0,
        {key: _gathered(key[1], records) for key, records in found.items()},
        not found,
        bool(flags & _AA),
        bool(flags & _AD),
        False,
        has_name_servers,
        negative_ttl,
        extended_errors,
    )


_Record = tuple[int, str]
"""TTL and text."""


def _read_section(wire: bytes, at: int, count: int, asked: str, into: dict[tuple[str, int], list[_Record]]) -> int:
    """Reads that many records and returns where they end."""
    for _ in range(count):
        if wire[at : at + 2] == _THE_QUESTIONS_NAME:
            owner, at = asked, at + 2
        else:
            owner, at = _read_name(wire, at, len(wire))
            owner = owner.lower()
        rdtype, rdclass, ttl, length = _RECORD.unpack_from(wire, at)
        start, at = at + _RECORD.size, at + _RECORD.size + length
        if rdclass != _IN or at > len(wire):
            raise Unsure("another class, or cut short")
        record = (ttl if ttl <= _MAX_TTL else 0, _TEXTS[rdtype](wire, start, at))  # RFC 2181 section 8
        key = (owner, rdtype)
        if key in into:
            into[key].append(record)
        else:
            into[key] = [record]
    return at


def _read_additional(wire: bytes, at: int, count: int, asked: str) -> tuple[int, tuple[int, ...]]:
    """EDNS flags and extended errors. The other records are read as well: dnspython takes no message that is broken."""
    flags, seen = 0, False
    errors: tuple[int, ...] = ()
    for _ in range(count):
        if wire[at : at + 3] != _OPT_START:
            at = _read_section(wire, at, 1, asked, {})
            continue
        if seen:
            raise Unsure("more than one OPT record")
        seen = True
        flags, errors = _read_opt(wire, at)
        at += 1 + _RECORD.size + int.from_bytes(wire[at + 9 : at + 11])
    return flags, errors


def _read_opt(wire: bytes, at: int) -> tuple[int, tuple[int, ...]]:
    """The flags (RFC 6891 section 6.1.3) and the extended errors of the OPT record there."""
    _, _, flags, length = _RECORD.unpack_from(wire, at + 1)
    at += 1 + _RECORD.size
    end = at + length
    if end > len(wire):
        raise Unsure("cut short")
    errors = []
    while at < end:
        option, size, code = _EXTENDED_ERROR.unpack_from(wire, at)
        at += 4 + size
        if option != _EDE or size < 2 or at > end:
            raise Unsure("another option, or cut short")
        wire[at - size + 2 : at].removesuffix(b"\0").decode()  # RFC 8914 section 2: a text in UTF-8
        errors.append(code)
    return flags, tuple(errors)


def _gathered(rdtype: int, records: list[_Record]) -> Records:
    ttl, last = records[-1]
    if len(records) == 1:
        return Records(ttl, (last,))
    ttl = min(ttl for ttl, _ in records)
    if rdtype in (CNAME, SOA):  # There can be one only, and like dnspython we take the last.
        return Records(ttl, (last,))
    texts: dict[str, str] = {}
    for _, text in records:
        texts.setdefault(text if rdtype == TXT else text.lower(), text)
    return Records(ttl, tuple(texts.values()))


def _negative_ttl(records: list[_Record]) -> int:
    soa = _gathered(SOA, records)
    return min(soa.ttl, int(soa.texts[0].rpartition(" ")[2]))


def _read_name(wire: bytes, at: int, end: int) -> tuple[str, int]:
    """The name there in presentation form, and where it ends.

    A compression pointer must lead before the part of the name that it stands in, and that part must not reach back
    into it: so every step leads nearer to the beginning, and there is no loop.
    """
    labels: list[str] = []
    start, after, size, pointers = at, 0, 1, 0
    while True:
        if at >= end:
            raise Unsure("a name that is cut short")
        length = wire[at]
        if length == 0:
            return ".".join(labels) + "." if labels else ".", after or at + 1
        if length < 64:
            label = wire[at + 1 : at + 1 + length]
            at += 1 + length
            size += 1 + length
            if at >= end or size > _MAX_NAME:
                raise Unsure("a name that is cut short or too long")
            labels.append(_label(label))
            continue
        target = (length & 0x3F) << 8 | wire[at + 1]
        pointers += 1
        if length < 192 or at + 2 > end or target >= start or pointers > _MAX_POINTERS:
            raise Unsure("a name with an odd compression pointer")
        after = after or at + 2
        end, start, at = start, target, target


@lru_cache(maxsize=4096)
def _label(raw: bytes) -> str:
    return _escaped(raw, _UNLIKE_A_NAME)


def _escaped(raw: bytes, unlike: dict[int, str]) -> str:
    text = raw.decode("latin-1")
    return text if _NOTHING_TO_ESCAPE.fullmatch(text) else text.translate(unlike)


def _a(wire: bytes, start: int, end: int) -> str:
    if end - start != 4:
        raise Unsure("not an address")
    return inet_ntoa(wire[start:end])


def _aaaa(wire: bytes, start: int, end: int) -> str:
    address = wire[start:end]
    # Where it begins with zeros, systems differ in how they write it.
    return dns.ipv6.inet_ntoa(address) if address[:2] == b"\0\0" else inet_ntop(AF_INET6, address)


def _host(wire: bytes, start: int, end: int) -> str:
    name, after = _read_name(wire, start, end)
    if after != end:
        raise Unsure("more than a name")
    return name


def _mx(wire: bytes, start: int, end: int) -> str:
    return f"{int.from_bytes(wire[start : start + 2])} {_host(wire, start + 2, end)}"


def _srv(wire: bytes, start: int, end: int) -> str:
    priority, weight, port = _SRV.unpack_from(wire, start)
    return f"{priority} {weight} {port} {_host(wire, start + _SRV.size, end)}"


def _soa(wire: bytes, start: int, end: int) -> str:
    mname, start = _read_name(wire, start, end)
    rname, start = _read_name(wire, start, end)
    if end - start != _SOA_NUMBERS.size:
        raise Unsure("other than five numbers")
    return " ".join((mname, rname, *map(str, _SOA_NUMBERS.unpack_from(wire, start))))


def _txt(wire: bytes, start: int, end: int) -> str:
    strings = []
    while start < end:
        after = start + 1 + wire[start]
        if after > end:
            raise Unsure("a text that is cut short")
        strings.append(f'"{_escaped(wire[start + 1 : after], _UNLIKE_TEXT)}"')
        start = after
    if not strings:
        raise Unsure("no text at all")
    return " ".join(strings)


def _tlsa(wire: bytes, start: int, end: int) -> str:
    usage, selector, matching = wire[start:end][:3]
    if end - start - 3 != _TLSA_SIZES[matching]:
        raise Unsure("not as long as such a hash is")
    return f"{usage} {selector} {matching} {wire[start + 3 : end].hex()}"


_TEXTS: dict[int, Callable[[bytes, int, int], str]] = {
    A: _a,
    AAAA: _aaaa,
    CNAME: _host,
    MX: _mx,
    NS: _host,
    PTR: _host,
    SOA: _soa,
    SRV: _srv,
    TLSA: _tlsa,
    TXT: _txt,
}
"""The record data between two places in presentation form, as dnspython writes it."""
_TLSA_SIZES = {1: 32, 2: 64}
"""Bytes of a hash by its matching type (RFC 6698 section 2.1.3)."""


@lru_cache(maxsize=4096)
def _name_wire(name: str) -> bytes:
    if "\\" in name or name == ".":
        return dns.name.from_text(name).to_wire() or b""
    label, _, above = name.partition(".")
    return bytes((len(label),)) + label.encode("ascii") + (_name_wire(above) if above else b"\0")


_QR, _OPCODE, _AA, _TC, _RD, _AD, _CD = 0x8000, 0x7800, 0x0400, 0x0200, 0x0100, 0x0020, 0x0010
_IN = 1
_EDE = 15
_MAX_TTL = 0x7FFFFFFF
_MAX_NAME = 255
"""Bytes of a name on the wire."""
_MAX_POINTERS = 16
_HEADER = struct.Struct("!HHHHHH")
_QUESTION = struct.Struct("!HH")
_RECORD = struct.Struct("!HHIH")
_EXTENDED_ERROR = struct.Struct("!HHH")
_SRV = struct.Struct("!HHH")
_SOA_NUMBERS = struct.Struct("!IIIII")
_OPT_START = b"\0\0\x29"
"""The root's name and the type OPT."""
_OPT_RECORD = _OPT_START + struct.pack("!HIH", PAYLOAD, 0, 0)
_THE_QUESTIONS_NAME = b"\xc0\x0c"
"""A compression pointer to where the question's name begins, right after the header."""
_PLAIN_NAME = re.compile(r"(?:[a-z0-9_-]{1,63}\.)+")
_NOTHING_TO_ESCAPE = re.compile(r"[a-zA-Z0-9_=:/+~*?!,&%<>\[\]{}|'#^`-]*")
_UNLIKE_TEXT = {
    byte: f"\\{chr(byte)}" if byte in b'"\\' else f"\\{byte:03d}"
    for byte in range(256)
    if byte in b'"\\' or not 0x20 <= byte < 0x7F
}
_UNLIKE_A_NAME = _UNLIKE_TEXT | {0x20: "\\032"} | {byte: f"\\{chr(byte)}" for byte in b"().;@$"}
"""Latin-1 characters to what stands for them in a name, and in a quoted text (RFC 1035 section 5.1)."""
