"""Whatever reads bytes of strangers takes any bytes: it answers or says that it cannot, soon, and with little.

Each reader gets noise, and real input that was cut, doubled, spliced and peppered: some times in each test run, and for
long with `make fuzz`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import dns.message
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.echo import Echo, Way, pack, sign, unpack, verified
from diagnostics.headers import read_headers
from diagnostics.helpdesks import BadPayload
from diagnostics.helpdesks.freshdesk import Freshdesk
from diagnostics.helpdesks.generic import Generic
from diagnostics.helpdesks.jira import Jira
from diagnostics.helpdesks.zendesk import Zendesk
from diagnostics.looks import Malformed, browser, script
from diagnostics.net import dns_fallback, dns_message
from diagnostics.replies import classify
from diagnostics.replies.bounces import read_bounce
from diagnostics.services.directory_csv import BadFile, read_entries
from tests.diagnostics.headers.samples import samples
from tests.diagnostics.looks import test_browser, test_script
from tests.diagnostics.replies.test_bounces import BOUNCES
from tests.diagnostics.sending import test_postfix_log

pytestmark = pytest.mark.fuzz
SECONDS = 10.0
"""Of the processor, for one input of some kilobytes: far more than any takes, so only what runs away is caught."""
ODD = (
    b"\x00", b"\xff\xfe", b"\x80\x80", b"\r", b"\n", b"\r\n\r\n", b"\n\n", b"--", b"=?utf-8?b?!!?=", b"=00", b"\x1b[2J",
    "\u202e\u2028\x85".encode(), b"\xed\xa0\x80", b"{", b"[" * 300, b'"', b"\\u0000", b"\\ud800", b"1e999", b"-0",
    b"null", b"99999999999999999999", b";", b",", b"<", b">", b"@", b"%00", b"\xc0\x0c", b"\x3f\xff",
    b"Content-Type: multipart/mixed; boundary=x\n", b"Received: ", b"552 5.2.2 ", b"a" * 400, b"=HYPERLINK(1)",
)  # fmt: skip


@dataclass(frozen=True)
class Reader:
    """`refuses` are what it may raise; `most` is how large, as text, that what it reads may get."""

    corpus: tuple[bytes, ...]
    read: Callable[[bytes], object]
    refuses: tuple[type[Exception], ...] = ()
    most: int = 100_000


WANTED = settings.default.max_examples if settings.default else 100
EXAMPLES = WANTED if WANTED > 100 else 20
"""A long look only where it is asked for: by `make fuzz`, that is by the profile of that name."""
KEY = b"a-key-of-the-fuzzer"
ECHO = Echo("n" * 22, 443, "192.0.2.1", 1_770_000_000.0, Way.HTTP)
QUESTION = dns_message.Question("mail.example.org.", dns_message.MX)


def _dns_corpus() -> tuple[bytes, ...]:
    query = dns.message.from_wire(dns_message.query(4711, QUESTION, edns=True))
    found = []
    for kind, text in (
        ("MX", "10 mx.example.org."),
        ("TXT", '"v=spf1 -all" "x"'),
        ("CNAME", "mail.example.org."),
        ("SOA", "a. b. 1 2 3 4 5"),
    ):
        response = dns.message.make_response(query)
        response.answer.append(dns.rrset.from_text("mail.example.org.", 60, "IN", kind, text, text))
        found.append(response.to_wire())
    return tuple(found)


def _as_text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    """For what reads text: halves of surrogate pairs come through, as they do from JSON."""
    return lambda raw: read(raw.decode("utf-8", "surrogateescape"))


def _ticket(raw: bytes) -> object:
    said = json.loads(raw)
    if not isinstance(said, dict):
        raise BadPayload("no object")
    desks = (
        Zendesk("https://z.example", "u", "k", "s"),
        Freshdesk("https://f.example", "k", "t"),
        Jira("https://j.example", "u", "k", "t"),
        Generic("https://g.example", "s", ""),
    )
    found: list[object] = []
    for desk in desks:
        try:
            found.append(desk.ticket_ref(said))
        except BadPayload as bad:
            found.append(str(bad))
    return found


TICKET = {
    "ticket": "4711",
    "article": "timeclock",
    "company_id": "ACME-1",
    "address": "anna@example.org",
    "language": "en",
    "detail": {"id": "1"},
}
READERS = {
    "bounce": Reader(tuple(BOUNCES.values()), read_bounce),
    "reply": Reader(
        (b"552 5.2.2 mailbox full", *(raw[-400:] for raw in BOUNCES.values())),
        _as_text(lambda text: classify(text[:6000])),
    ),
    "headers": Reader(tuple(text.encode() for text in samples().values()), read_headers),
    "DNS message": Reader(_dns_corpus(), lambda wire: dns_message.read(wire, QUESTION), (dns_message.Unsure,)),
    "DNS message, unusual": Reader(_dns_corpus(), lambda wire: dns_fallback.read_any(wire, _dns_corpus()[0])),
    "script's report": Reader(
        (json.dumps(test_script.report(test_script.tried())).encode(),),
        lambda raw: script.read(raw, test_script.verify),
        (Malformed,),
    ),
    "pasted report": Reader(
        (b"-----BEGIN NETWORK REPORT-----\nAAAA\nAAAA\n-----END NETWORK REPORT-----\n",),
        _as_text(script.unfold),
        (Malformed,),
    ),
    "browser's report": Reader(
        (json.dumps(test_browser.report(test_browser.port(test_browser.tried()))).encode(),),
        lambda raw: browser.read(raw, test_script.verify),
        (Malformed,),
    ),
    "echo": Reader((sign(ECHO, KEY).encode(),), _as_text(lambda text: verified(text, KEY))),
    "responder's batch": Reader((pack([ECHO, ECHO]),), unpack),
    "mail log": Reader((test_postfix_log.SENT.encode(),), _as_text(test_postfix_log.read)),
    "directory": Reader(
        (b"company_id,address,is_admin\nACME-1,anna@example.org,yes\n" * 5,),
        _as_text(lambda text: list(read_entries(text.splitlines(keepends=True)))),
        (BadFile,),
    ),
    "helpdesk's call": Reader((json.dumps(TICKET).encode(),), _ticket, (BadPayload, ValueError, RecursionError)),
}


def mutated(corpus: tuple[bytes, ...]) -> st.SearchStrategy[bytes]:
    """One of them with up to six wounds: something cut out, put in, doubled, or spliced in from another."""
    wound = st.tuples(st.floats(0, 1), st.floats(0, 0.5), st.sampled_from(ODD) | st.binary(max_size=8) | st.none())

    def wounded(raw: bytes, other: bytes, wounds: list[tuple[float, float, bytes | None]]) -> bytes:
        for start, length, put in wounds:
            first = int(start * len(raw))
            last = first + int(length * length * len(raw))
            patch = put if put is not None else other[: last - first] or raw[first:last] * 2
            raw = raw[:first] + patch + raw[last:]
        return raw[:200_000]

    return st.builds(wounded, st.sampled_from(corpus), st.sampled_from(corpus), st.lists(wound, min_size=1, max_size=6))


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_takes_any_bytes(name: str, data: st.DataObject) -> None:
    reader = READERS[name]
    raw = data.draw(st.one_of(mutated(reader.corpus), mutated(reader.corpus), st.binary(max_size=300)))
    started = time.process_time()
    try:
        found = reader.read(raw)
    except reader.refuses:
        found = None
    assert time.process_time() - started < SECONDS
    assert len(repr(found)) < reader.most + 20 * len(raw)
