"""What is read without a library is what dnspython reads, and whatever is not plain is refused."""

from __future__ import annotations

import random
import struct

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from diagnostics.net import dns_message
from diagnostics.net.dns_fallback import read_any
from diagnostics.net.dns_message import Message, Question, Records, Unsure, absolute_name, query, question_wire, read

READ = [dns_message.__dict__[kind] for kind in ("A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TLSA", "TXT")]
ODD = [int(kind) for kind in (dns.rdatatype.DS, dns.rdatatype.CAA, dns.rdatatype.RRSIG, dns.rdatatype.HTTPS)] + [65280]
NUMBER = 0x1234

labels = st.one_of(
    st.sampled_from([b"mail", b"Example", b"example", b"test", b"_dmarc", b"a" * 63, b"xn--bcher-kva"]),
    st.binary(min_size=1, max_size=20),
)


def _name(parts: list[bytes]) -> dns.name.Name:
    while sum(len(part) + 1 for part in parts) > 254:
        parts = parts[1:]
    return dns.name.Name([*parts, b""])


names = st.lists(labels, max_size=6).map(_name)
shorts = st.integers(0, 65535)
longs = st.one_of(st.integers(0, 7200), st.integers(0, 2**32 - 1))


def _hash(matching: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=32 * matching, max_size=32 * matching)


def _wires(*parts: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    return st.tuples(*parts).map(b"".join)


def _packed(form: str, *numbers: st.SearchStrategy[int]) -> st.SearchStrategy[bytes]:
    return st.tuples(*numbers).map(lambda values: struct.pack(form, *values))


_wire_names = names.map(lambda name: name.to_wire() or b"")
_texts = st.binary(max_size=255).map(lambda text: bytes([len(text)]) + text)
DATA: dict[int, st.SearchStrategy[bytes]] = {
    dns_message.A: st.binary(min_size=4, max_size=4),
    dns_message.AAAA: st.one_of(
        st.binary(min_size=16, max_size=16),
        st.lists(st.sampled_from([b"\0\0", b"\x20\x01", b"\xff\xff", b"\0\1"]), min_size=8, max_size=8).map(b"".join),
    ),
    dns_message.CNAME: _wire_names,
    dns_message.NS: _wire_names,
    dns_message.PTR: _wire_names,
    dns_message.MX: _wires(_packed("!H", shorts), _wire_names),
    dns_message.SRV: _wires(_packed("!HHH", shorts, shorts, shorts), _wire_names),
    dns_message.SOA: _wires(_wire_names, _wire_names, _packed("!IIIII", longs, longs, longs, longs, longs)),
    dns_message.TXT: st.lists(_texts, min_size=1, max_size=3).map(b"".join),
    dns_message.TLSA: st.one_of(
        _wires(_packed("!BBB", st.integers(0, 255), st.integers(0, 255), st.just(1)), _hash(1)),
        _wires(_packed("!BBB", st.integers(0, 255), st.integers(0, 255), st.just(2)), _hash(2)),
    ),
}
"""Record data on the wire, as any name server might send it."""


@st.composite
def rrsets(draw: st.DrawFn, owners: st.SearchStrategy[dns.name.Name], *, plain: bool) -> dns.rrset.RRset:
    kind = draw(st.sampled_from(READ if plain else READ + ODD))
    rrset = dns.rrset.RRset(draw(owners), dns.rdataclass.IN, dns.rdatatype.RdataType.make(kind))
    for _ in range(draw(st.integers(1, 3))):
        if kind in DATA:
            data = draw(DATA[kind])
            rrset.add(dns.rdata.from_wire(rrset.rdclass, kind, data, 0, len(data)), draw(longs) & 0x7FFFFFFF)
        else:
            rrset.add(dns.rdata.from_text("IN", kind, _ODD_TEXTS[kind]), 60)
    return rrset


_ODD_TEXTS = {
    int(dns.rdatatype.DS): "1 8 2 " + "ab" * 32,
    int(dns.rdatatype.CAA): '0 issue "ca.example.org"',
    int(dns.rdatatype.RRSIG): "A 8 2 60 20300101000000 20200101000000 1 example.org. AAAA",
    int(dns.rdatatype.HTTPS): "1 . alpn=h2",
    65280: r"\# 2 0102",
}


@st.composite
def responses(draw: st.DrawFn, *, plain: bool) -> tuple[Question, dns.message.Message]:
    """A question and a response to it."""
    name = draw(names)
    question = Question(name.to_text().lower(), draw(st.sampled_from(READ)), draw(st.booleans()))
    message = dns.message.from_wire(query(NUMBER, question, edns=False))
    message.flags = dns.flags.QR | dns.flags.RD | draw(st.sampled_from([0, dns.flags.AD, dns.flags.AA]))
    relatives = labels.map(lambda label: _name([label, *name.labels[:-1]]))
    owners = st.one_of(st.just(name), st.just(name), relatives, names)
    for section in (message.answer, message.authority, message.additional):
        for rrset in draw(st.lists(rrsets(owners, plain=plain), max_size=3)):
            if not any(rrset.match(other.name, other.rdclass, other.rdtype, other.covers) for other in section):
                section.append(rrset)
    if draw(st.booleans()):
        options: list[dns.edns.Option] = [
            dns.edns.EDEOption(
                dns.edns.EDECode.make(draw(st.integers(0, 30))), draw(st.one_of(st.none(), st.text(max_size=9)))
            )
            for _ in range(draw(st.integers(0, 2)))
        ]
        if not plain and draw(st.booleans()):
            options.append(dns.edns.GenericOption(dns.edns.OptionType.make(draw(st.integers(0, 20))), b"12345678"))
        message.use_edns(0, options=options)
        message.set_rcode(dns.rcode.Rcode.make(draw(st.integers(0, 23))))
    else:
        message.set_rcode(dns.rcode.Rcode.make(draw(st.integers(0, 11))))
    return question, message


def theirs(question: Question, wire: bytes) -> Message | None:
    return read_any(wire, query(int.from_bytes(wire[:2]), question, edns=True))


def agrees_or_refuses(question: Question, wire: bytes) -> None:
    try:
        mine = read(wire, question)
    except Unsure:
        return
    if mine.truncated:  # and however broken the rest is: the answer is asked for again over TCP
        header = dns.message.from_wire(wire, question_only=True, ignore_trailing=True)
        assert header.flags & dns.flags.TC
        assert dns.message.from_wire(query(header.id, question, edns=True)).is_response(header)
    else:
        assert mine == theirs(question, wire)


@settings(max_examples=60)
@given(responses(plain=True))
def test_plain_responses_are_read_as_dnspython_reads_them(response) -> None:
    question, message = response
    wire = message.to_wire(max_size=65535)
    assert read(wire, question) == theirs(question, wire)


@settings(max_examples=60)
@given(responses(plain=False), st.integers(0, 2**32))
def test_hostile_responses_are_read_as_dnspython_reads_them_or_refused(response, seed) -> None:
    question, message = response
    wire = message.to_wire(max_size=65535)
    agrees_or_refuses(question, wire)
    chance = random.Random(seed)
    for _ in range(15):
        first, last = sorted(chance.choices(range(len(wire) + 1), k=2))
        other = chance.choice([b"", chance.randbytes(1), chance.randbytes(4), _pointer(12), _pointer(first)])
        agrees_or_refuses(question, wire[:first] + other + wire[last:])  # something cut out, put in or both
        agrees_or_refuses(question, wire[:first] + other + wire[first + len(other) :])  # in place of what was there
        agrees_or_refuses(question, wire[:last])


def _pointer(place: int) -> bytes:
    return struct.pack("!H", 0xC000 | place & 0x3FFF)


@settings(max_examples=200)
@given(st.sampled_from(READ), shorts, st.lists(shorts, min_size=3, max_size=3), st.binary(max_size=80))
def test_any_bytes_after_the_question_are_read_as_dnspython_reads_them_or_refused(kind, flags, counts, noise) -> None:
    question = Question("a.example.org.", kind)
    for few in (counts, [count % 3 for count in counts]):
        header = struct.pack("!HHHHHH", NUMBER, flags | 0x8000, 1, *few)
        agrees_or_refuses(question, header + question_wire(question) + noise)


@settings(max_examples=300)
@given(st.sampled_from(READ), st.binary(max_size=60))
@example(dns_message.TXT, b"\x05abc")
@example(dns_message.SOA, b"\xc0\x0c" * 2)
def test_any_record_data_is_read_as_dnspython_reads_it_or_refused(kind, data) -> None:
    question = Question("a.example.org.", kind)
    start = struct.pack("!HHHHHH", NUMBER, 0x8180, 1, 1, 0, 0) + question_wire(question) + b"\xc0\x0c"
    agrees_or_refuses(question, start + struct.pack("!HHIH", kind, 1, 60, len(data)) + data)


@given(st.binary(max_size=200))
def test_noise_is_refused(noise) -> None:
    agrees_or_refuses(Question("example.org.", dns_message.A), noise)


@pytest.mark.parametrize(
    "name",
    [
        b"\xc0\x1d",
        b"\xc0\xff",
        b"\x01a\xc0\x1d",
        b"\x40a",
        b"\x3f" + b"a" * 63 + (b"\x3f" + b"a" * 63) * 3 + b"\0",
        b"\x01",
    ],
    ids=["to itself", "forward", "to its own beginning", "another kind of label", "too long", "cut short"],
)
def test_a_name_that_leads_nowhere_is_refused(name: bytes) -> None:
    question = Question("example.org.", dns_message.CNAME)
    asked = question_wire(question)
    assert 12 + len(asked) == 0x1D
    with pytest.raises(Unsure):
        read(struct.pack("!HHHHHH", NUMBER, 0x8180, 1, 1, 0, 0) + asked + name, question)


def test_a_name_that_runs_into_the_pointer_to_itself_is_refused() -> None:
    """A label of six bytes begins in the TTL, holds the pointer that leads to it, and ends at the next name."""
    question = Question("example.org.", dns_message.SOA)
    wire = struct.pack("!HHHHHH", NUMBER, 0x8180, 1, 1, 0, 0) + question_wire(question) + b"\xc0\x0c"
    wire += struct.pack("!HHIH", dns_message.SOA, 1, 6, 25) + b"\x01a" + _pointer(len(wire) + 7) + bytes(21)
    assert theirs(question, wire) is None
    with pytest.raises(Unsure):
        read(wire, question)


def test_a_message_that_speaks_edns_twice_is_refused() -> None:
    question = Question("example.org.", dns_message.A)
    once = struct.pack("!HHHHHH", NUMBER, 0x8180, 1, 0, 0, 1) + question_wire(question) + dns_message._OPT_RECORD
    assert read(once, question) == theirs(question, once)
    twice = once[:11] + b"\2" + once[12:] + dns_message._OPT_RECORD
    assert theirs(question, twice) is None
    with pytest.raises(Unsure):
        read(twice, question)


@pytest.mark.parametrize(
    ("text", "errors"),
    [(b"", (6,)), (b"why", (6,)), (b"why\0", (6,)), (b"\0", (6,)), (b"\xff", None)],
    ids=["no text", "a text", "a text with an end", "an end", "not UTF-8"],
)
def test_extended_errors_are_read_whatever_their_text(text: bytes, errors: tuple[int, ...] | None) -> None:
    question = Question("example.org.", dns_message.A)
    option = struct.pack("!HHH", 15, 2 + len(text), 6) + text
    wire = struct.pack("!HHHHHH", NUMBER, 0x8182, 1, 0, 0, 1) + question_wire(question)
    wire += dns_message._OPT_RECORD[:-2] + struct.pack("!H", len(option)) + option
    whole = theirs(question, wire)
    assert errors == (whole.extended_errors if whole else None)
    if whole:
        assert read(wire, question) == whole
    else:
        with pytest.raises(Unsure):
            read(wire, question)


def test_a_long_chain_of_pointers_is_refused() -> None:
    """Each points at the one before: 16 are followed, 17 are not."""
    question = Question("example.org.", dns_message.TXT)
    asked = question_wire(question)
    for hops in (15, 16, 17, 500):
        place = 12 + len(asked) + 12
        chain = b"".join([b"\xc0\x0c", *(_pointer(place + 2 * hop) for hop in range(hops - 2))])
        wire = struct.pack("!HHHHHH", NUMBER, 0x8180, 1, 0, 1, 1) + asked
        wire += b"\xc0\x0c" + struct.pack("!HHIH", dns_message.TXT, 1, 60, len(chain) + 1) + bytes([len(chain) % 256])
        agrees_or_refuses(question, wire + chain + _pointer(place + len(chain) - 2) + b"\0\1\0\1\0\0\0\0\0\4abcd")


def test_what_is_cut_off_to_fit_is_known_as_such_however_it_was_cut() -> None:
    question = Question("example.org.", dns_message.TXT)
    wire = struct.pack("!HHHHHH", NUMBER, 0x8380, 1, 1, 0, 0) + question_wire(question) + b"\xc0\x0c\0\x10\0\1"
    assert read(wire, question).truncated


@pytest.mark.parametrize("asked", ["example.org.", "example.org", "EXAMPLE.org"])
def test_a_response_may_spell_the_question_in_capitals(asked: str) -> None:
    question = Question(absolute_name(asked), dns_message.A)
    wire = struct.pack("!HHHHHH", NUMBER, 0x8180, 1, 1, 0, 0) + b"\x07EXAMPLE\x03Org\0\0\1\0\1"
    wire += b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xcb\0\x71\x01"
    assert read(wire, question).answers == {("example.org.", dns_message.A): Records(60, ("203.0.113.1",))}


@pytest.mark.parametrize(
    "other",
    [("example.com.", 1), ("example.org.", 33), ("example.org.", 257), ("a.example.org.", 1), (".", 1)],
    ids=["name", "type", "type whose letter is the same in lower case", "longer name", "root"],
)
def test_a_response_to_another_question_is_refused(other: tuple[str, int]) -> None:
    wire = struct.pack("!HHHHHH", NUMBER, 0x8180, 1, 0, 0, 0) + question_wire(Question(*other))
    for question in (Question("example.org.", 1), Question("example.org.", 65)):
        with pytest.raises(Unsure):
            read(wire, question)


@given(names, shorts, shorts, st.booleans(), st.booleans())
def test_queries_are_those_that_dnspython_makes(name, number, rdtype, unchecked, edns) -> None:
    flags = dns.flags.RD | dns.flags.AD | (dns.flags.CD if unchecked else 0)
    lower = name.canonicalize()
    made = dns.message.make_query(lower, rdtype, flags=flags, use_edns=0 if edns else False, payload=1232, id=number)
    assert query(number, Question(lower.to_text(), rdtype, unchecked), edns=edns) == made.to_wire()


@settings(max_examples=200)
@given(st.one_of(st.text(max_size=70), st.text("abcABC019-_.\\@ ü", max_size=70), names.map(str)))
@example("")
@example(".")
@example("@")
@example("a.test.")
@example(".".join(["a" * 63] * 4))
@example(".".join(["a" * 63] * 3 + ["a" * 61]))
@example(".".join(["a" * 63] * 3 + ["a" * 61]) + ".")
@example(".".join(["a" * 63] * 3 + ["a" * 62]) + ".")
def test_names_are_those_that_dnspython_reads(text: str) -> None:
    try:
        expected = dns.name.from_text(text.lower())
    except (dns.exception.DNSException, UnicodeError) as problem:
        with pytest.raises(type(problem)):
            absolute_name(text)
        return
    name = absolute_name(text)
    assert name == expected.to_text().lower()
    assert question_wire(Question(name, 1))[:-4] == expected.canonicalize().to_wire()
