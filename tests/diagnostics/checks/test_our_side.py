"""Faults of ours: proved where their reply says the same, hints where they explain lost mail, else notes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.checks.our_side import our_side_is_sound
from diagnostics.domain import (
    Connection,
    ConnectOutcome,
    Finding,
    NotApplicable,
    SendOutcome,
    Severity,
    SmtpReply,
    SmtpStage,
    Strength,
    Transmission,
    Unobserved,
)
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.probes.test_message import TestCodeTyped, TestMessageReport
from diagnostics.probes.vendor_health import HealthItem, HealthKind, HealthState, VendorHealth

SERVER = "203.0.113.181"


def item(kind: HealthKind, subject: str = SERVER, state: HealthState = HealthState.PROBLEM, **facts: str) -> HealthItem:
    return HealthItem(kind, subject, state, "detail", facts)


FINE = item(HealthKind.HOST, "clock.example.org:443", HealthState.FINE)
SPF_FAILS = item(HealthKind.SPF, server=SERVER, domain="example.org", result="fail")
SPF_SOFT = item(HealthKind.SPF, server=SERVER, domain="example.org", result="softfail")
SPF_GUESSED = item(HealthKind.SPF, server=SERVER, domain="example.org", result="fail", guessed="yes")
KEY_GONE = item(HealthKind.DKIM, "k._domainkey.example.org", key="k._domainkey.example.org", domain="example.org")
NO_POLICY = item(HealthKind.DMARC, "example.org", domain="example.org", policy="")
NOTHING_PASSES = item(HealthKind.ALIGNMENT, "example.org", domain="example.org", policy="reject")
NOTHING_ASKED = item(HealthKind.ALIGNMENT, "example.org", domain="example.org", policy="none")
NO_NAME = item(HealthKind.PTR, server=SERVER)
NO_HELO = item(HealthKind.PTR, "out.example.org", helo="out.example.org")
ON_ZEN = item(HealthKind.BLOCKLIST, server=SERVER, list="Spamhaus ZEN", weight="wide", meaning="XBL")
ON_PSBL = item(HealthKind.BLOCKLIST, server=SERVER, list="PSBL", weight="minor", meaning="listed")
HOST_DOWN = item(HealthKind.HOST, "clock.example.org:80", host="clock.example.org", port="80")
DRIFT = item(HealthKind.DRIFT_MISSING, "203.0.113.185")


def replied(text: str, outcome: SendOutcome = SendOutcome.REFUSED, host: str = "mx.example.net") -> TestMessageReport:
    code, _, words = text.partition(" ")
    replies = (SmtpReply(SmtpStage.RCPT, int(code), words),)
    sent = Transmission(outcome, "direct", host, replies=replies)
    return TestMessageReport("example.net", datetime(2026, 3, 2, tzinfo=UTC), sent)


def findings(
    *items: HealthItem,
    reply: str = "",
    host: str = "mx.example.net",
    typed: bool = False,
    ports: ServerPorts | None = None,
) -> list[Finding]:
    report = replied(reply, host=host) if reply else None
    health = VendorHealth("example", (FINE, *items))
    return list(our_side_is_sound(health, report, TestCodeTyped(5) if typed else None, ports))


def strength(found: list[Finding]) -> list[tuple[str, str]]:
    return [(one.tag, "note" if one.severity is Severity.NOTE else one.strength.value) for one in found]


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], []),
        ([SPF_FAILS], [("our.spf", "hints")]),
        ([SPF_SOFT], [("our.spf", "note")]),
        ([SPF_GUESSED], [("our.spf", "note")]),
        ([SPF_SOFT, NOTHING_PASSES], [("our.spf", "hints"), ("our.dmarc", "hints")]),
        ([KEY_GONE], [("our.dkim", "note")]),
        ([KEY_GONE, NOTHING_PASSES], [("our.dkim", "hints"), ("our.dmarc", "hints")]),
        ([NOTHING_ASKED], [("our.dmarc", "note")]),
        ([NO_POLICY], [("our.dmarc", "note")]),
        ([NO_NAME], [("our.ptr", "note")]),
        ([NO_HELO], [("our.ptr", "note")]),
        ([ON_ZEN], [("our.listed", "hints")]),
        ([ON_PSBL], [("our.listed", "note")]),
        ([HOST_DOWN], [("our.host-down", "hints")]),
        ([DRIFT], [("our.article-drift", "note")]),
    ],
    ids=[
        "nothing", "SPF fails", "SPF softly, DKIM makes up", "SPF of a domain that may not be ours",
        "SPF softly, nothing makes up", "a key gone, SPF makes up", "a key gone, nothing makes up",
        "nothing passes, nothing asked", "no policy", "no name", "HELO name",
        "on a list that many use", "on a list that few use", "host down", "drift",
    ],
)  # fmt: skip
def test_by_itself_a_fault_is_a_hint_at_most(items: list[HealthItem], expected: list[tuple[str, str]]) -> None:
    assert strength(findings(*items)) == expected


@pytest.mark.parametrize(
    ("reply", "items", "proved"),
    [
        ("550 5.7.23 SPF check failed", [SPF_SOFT, KEY_GONE], {"our.spf"}),
        ("550 5.7.20 no passing DKIM signature found", [SPF_SOFT, KEY_GONE], {"our.dkim"}),
        ("550 5.7.509 does not pass DMARC, policy of reject", [NOTHING_PASSES, SPF_FAILS], {"our.dmarc"}),
        ("550 5.7.26 unauthenticated: either SPF or DKIM must pass", [SPF_FAILS, KEY_GONE], {"our.spf", "our.dkim"}),
        ("450 4.7.25 cannot find your reverse hostname", [NO_NAME], {"our.ptr"}),
        (f"450 4.7.25 cannot find your reverse hostname, [{SERVER}]", [NO_NAME], {"our.ptr"}),
        ("450 4.7.25 cannot find your reverse hostname, [203.0.113.7]", [NO_NAME], set()),
        (f"554 5.7.1 [{SERVER}] blocked using zen.spamhaus.org", [ON_ZEN], {"our.listed"}),
        (f"554 5.7.1 [{SERVER}] listed by sbl.spamhaus.org", [ON_ZEN], {"our.listed"}),
        (f"554 5.7.1 [{SERVER}] blocked using psbl.surriel.com", [ON_PSBL], {"our.listed"}),
        (f"554 5.7.1 [{SERVER}] blocked using bl.spamcop.net", [ON_ZEN], set()),
        ("554 5.7.1 [203.0.113.7] blocked using zen.spamhaus.org", [ON_ZEN], set()),
        (f"554 5.7.1 [{SERVER}] blocked using zen.spamhaus.org; Error: open resolver", [ON_ZEN], set()),
        ("550 5.1.1 User unknown", [SPF_FAILS, ON_ZEN, NO_NAME, NOTHING_PASSES], set()),
        ("552 5.2.2 mailbox full", [SPF_FAILS, ON_ZEN], set()),
    ],
    ids=[
        "SPF", "DKIM", "DMARC", "SPF and DKIM", "name", "name, this server", "name, another server", "the list",
        "part of the list", "a small list", "another list", "another server", "their own look-up fails",
        "no mailbox", "mailbox full",
    ],
)  # fmt: skip
def test_their_reply_proves_the_very_fault_it_names(reply: str, items: list[HealthItem], proved: set[str]) -> None:
    assert {one.tag for one in findings(*items, reply=reply) if one.strength is Strength.PROVES} == proved


def test_a_proof_shows_their_words() -> None:
    (proof,) = findings(NO_NAME, reply="450 4.7.25 cannot find your reverse hostname")
    assert proof.facts["reply"] == "450 4.7.25 cannot find your reverse hostname"
    assert proof.facts["host"] == "mx.example.net"
    assert proof.facts["subject"] == SERVER


def test_our_own_relays_refusal_proves_nothing() -> None:
    assert strength(findings(SPF_FAILS, reply="550 5.7.23 SPF check failed", host="")) == [("our.spf", "hints")]


def test_what_arrived_was_not_stopped_by_us() -> None:
    found = findings(SPF_FAILS, NOTHING_PASSES, ON_ZEN, NO_NAME, HOST_DOWN, typed=True)
    assert {one.severity for one in found} == {Severity.NOTE}


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [(ConnectOutcome.REFUSED, []), (ConnectOutcome.OPEN, [("our.host-down", "note")])],
    ids=["down now, too: the ports say so", "back again"],
)
def test_what_the_run_itself_saw_of_a_host_is_newer(outcome: ConnectOutcome, expected: list[tuple[str, str]]) -> None:
    ports = ServerPorts((Connection("clock.example.org", 80, outcome),))
    assert strength(findings(HOST_DOWN, ports=ports)) == expected


def test_nothing_to_look_at_does_not_apply() -> None:
    with pytest.raises(NotApplicable):
        list(our_side_is_sound(VendorHealth("example"), None, None, None))


def test_all_unknown_is_not_fine() -> None:
    health = VendorHealth("example", (item(HealthKind.SPF, state=HealthState.UNKNOWN),))
    with pytest.raises(Unobserved):
        list(our_side_is_sound(health, None, None, None))


ITEMS = st.builds(
    HealthItem,
    st.sampled_from(HealthKind),
    st.text(max_size=20),
    st.sampled_from(HealthState),
    st.text(max_size=20),
    st.dictionaries(
        st.sampled_from(["domain", "server", "result", "policy", "list", "weight", "host", "port", "key"]), st.text()
    ),
)


@given(st.lists(ITEMS, min_size=1, max_size=8), st.text(), st.randoms())
def test_no_evidence_makes_the_check_raise_and_its_order_does_not_matter(items, text, chance) -> None:
    def tags(order) -> set[tuple[str, Strength, Severity]]:
        try:
            found = our_side_is_sound(VendorHealth("v", tuple(order)), replied(f"550 {text}"), None, None)
            return {(one.tag, one.strength, one.severity) for one in found}
        except Unobserved:
            return set()

    shuffled = list(items)
    chance.shuffle(shuffled)
    assert tags(items) == tags(shuffled)
