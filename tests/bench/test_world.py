"""The benchmarks measure against this world: it must say what a real one would, late, and count what it was asked."""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from tests.bench import _names
from tests.bench._chain import Chain, Event, between, longest, read, types
from tests.bench._world import World

DELAY = 0.05


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("world"), delay=DELAY, seen=True) as world:
        yield world


def ask(name: str, rdtype: str) -> dns.message.Message:
    query = dns.message.make_query(name, rdtype)
    answer = dns.message.from_wire(_names.answer(query.to_wire()))
    assert query.is_response(answer)
    return answer


@pytest.mark.parametrize(
    ("name", "rdtype", "told"),
    [
        ("d000007.test", "MX", "10 d000007.mx.test."),
        ("D000007.Test", "MX", "10 d000007.mx.test."),
        ("d000007.mx.test", "A", "203.0.113.8"),
        ("s000007.mx.test", "A", "192.0.2.135"),
        ("d000007.mx.test", "AAAA", "2001:db8::7:25"),
        ("spf1.d000007.test", "TXT", '"v=spf1 ip4:203.0.113.0/24 include:spf4.d000007.test -all"'),
        ("autodiscover.d000007.test", "CNAME", "mail.d000007.test."),
        ("autodiscover.d000007.test", "A", "mail.d000007.test."),
        ("_autodiscover._tcp.d000007.test", "SRV", "0 0 443 mail.d000007.test."),
        ("vendor.test", "MX", "10 mx.vendor.test."),
    ],
)
def test_a_name_has_its_own_records(name: str, rdtype: str, told: str) -> None:
    answer = ask(name, rdtype)
    assert [rdata.to_text() for rrset in answer.answer for rdata in rrset] == [told]


@pytest.mark.parametrize(
    ("name", "rcode"),
    [
        ("google._domainkey.d000007.test", dns.rcode.NXDOMAIN),
        ("example.org", dns.rcode.NXDOMAIN),
        ("nobody.test", dns.rcode.NXDOMAIN),
        ("_mta-sts.d000007.test", dns.rcode.NOERROR),
        ("_25._tcp.d000007.mx.test", dns.rcode.NOERROR),
    ],
)
def test_nothing_is_said_with_the_zone_that_says_so(name: str, rcode: dns.rcode.Rcode) -> None:
    answer = ask(name, "TXT")
    assert (answer.rcode(), answer.answer) == (rcode, [])
    assert [rrset.rdtype for rrset in answer.authority] == [dns.rdatatype.SOA]
    assert dns.name.from_text(name).is_subdomain(answer.authority[0].name)


@pytest.mark.parametrize("garbage", [b"", b"\x00" * 12, b"\xff" * 40], ids=["empty", "no question", "no name"])
def test_garbage_is_no_question(garbage: bytes) -> None:
    with pytest.raises((ValueError, IndexError)):
        dns.message.from_wire(_names.answer(garbage))


def test_answers_come_late_and_are_kept(world: World) -> None:
    world.events()
    port, began = world.name_ports[1], time.monotonic()
    asked = [dns.query.udp(dns.message.make_query("d000001.test", "MX"), "127.0.0.1", 5, port)]
    asked += [dns.query.tcp(dns.message.make_query("d000001.mx.test", "A"), "127.0.0.1", 5, port)]
    ended = time.monotonic()
    assert all(message.answer for message in asked)
    assert ended - began >= 2 * DELAY
    events = world.events()
    assert types(events) == {"MX", "A"}
    assert between(events, began, ended).steps == 2
    assert world.events() == []


def test_a_mail_server_talks_and_each_answer_is_a_step(world: World) -> None:
    world.events()
    trusting = ssl.create_default_context(cafile=world.settings["SSL_CERT_FILE"])
    began = time.monotonic()
    with smtplib.SMTP("127.0.0.1", world.ports["mail"], timeout=10) as server:
        server._host = "d000001.mx.test"  # type: ignore[attr-defined]
        server.starttls(context=trusting)
        server.ehlo()
    ended = time.monotonic()
    chain = between(world.events(), began, ended)
    assert chain.steps == 6  # greeting, EHLO, STARTTLS, the handshake, EHLO, QUIT
    assert 6 * DELAY <= chain.seconds <= ended - began


def test_the_longest_chain_counts_only_what_had_to_wait() -> None:
    apex = Event(0.0, 0.02, "d000001.test MX", "d000001.test", frozenset({"d000001.mx.test"}))
    beside = Event(0.03, 0.05, "_dmarc.d000001.test TXT", "_dmarc.d000001.test")
    host = Event(0.05, 0.07, "d000001.mx.test A", "d000001.mx.test", frozenset({"203.0.113.2"}))
    below = Event(0.08, 0.10, "_25._tcp.d000001.mx.test TLSA", "_25._tcp.d000001.mx.test")
    greeting = Event(0.08, 0.10, "connection 1", connection=1)
    too_early = Event(0.06, 0.09, "connection 2", connection=2)
    found = longest([greeting, beside, host, apex, below, too_early])
    assert found.steps == 3
    assert found.seconds == pytest.approx(0.06)
    assert longest([]) == Chain(0, 0.0)


def test_a_question_asked_again_waited_for_the_first_answer() -> None:
    said = _names.answer(dns.message.make_query("x.test", "A").to_wire())
    raw = {"asked": 1.0, "answered": 1.02, "answer": said.hex()}
    assert longest([read(raw), read(raw | {"asked": 1.03, "answered": 1.05})]).steps == 2


def test_a_world_ends_with_its_block(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        assert len(world.nameservers) == 2
        assert set(world.cpu_seconds()) == {"name servers", "hosts"}
    with pytest.raises(OSError, match=r"refused|timed out"):
        smtplib.SMTP("127.0.0.1", world.ports["mail"], timeout=5)
