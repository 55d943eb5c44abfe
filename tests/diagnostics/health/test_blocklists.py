"""What a blocklist's answer means; what only looks like an answer is neither listed nor clean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.domain import DnsAnswer, DnsStatus
from diagnostics.health.blocklists import blocklist, entry, read, trial_entries, works
from diagnostics.probes.vendor_health import HealthState

ZEN, SPAMCOP = "zen.spamhaus.org", "bl.spamcop.net"
FINE, PROBLEM, UNKNOWN = HealthState.FINE, HealthState.PROBLEM, HealthState.UNKNOWN
NO_SUCH_NAME = DnsAnswer(DnsStatus.NO_SUCH_NAME)
LISTED = DnsAnswer(DnsStatus.OK, ("127.0.0.2",))


def codes(*records: str) -> DnsAnswer:
    return DnsAnswer(DnsStatus.OK, records)


@pytest.mark.parametrize(
    ("zone", "answer", "state", "says"),
    [
        (ZEN, NO_SUCH_NAME, FINE, "not listed"),
        (ZEN, codes("127.0.0.2"), PROBLEM, "SBL"),
        (ZEN, codes("127.0.0.3"), PROBLEM, "CSS"),
        (ZEN, codes("127.0.0.4"), PROBLEM, "XBL"),
        (ZEN, codes("127.0.0.11"), PROBLEM, "PBL"),
        (
            ZEN,
            codes("127.0.0.10", "127.0.0.4"),
            PROBLEM,
            "PBL: not meant to send mail directly, says its provider, XBL",
        ),
        (ZEN, codes("127.0.0.99"), UNKNOWN, "does not explain"),
        (SPAMCOP, codes("127.0.0.99"), PROBLEM, "listed"),
        (ZEN, codes("127.255.255.254"), UNKNOWN, "public resolver"),
        (ZEN, codes("127.255.255.252"), UNKNOWN, "mistyped"),
        (SPAMCOP, codes("127.255.255.255"), UNKNOWN, "too often"),
        (SPAMCOP, codes("127.255.255.7"), UNKNOWN, "error message"),
        (ZEN, codes("127.0.0.2", "127.255.255.254"), UNKNOWN, "public resolver"),
        (SPAMCOP, codes("127.0.0.1"), UNKNOWN, "not an answer that a list gives"),
        (SPAMCOP, codes("203.0.113.80"), UNKNOWN, "somebody else"),
        (SPAMCOP, DnsAnswer(DnsStatus.NO_DATA), UNKNOWN, "empty"),
        (SPAMCOP, DnsAnswer(DnsStatus.UNANSWERED), UNKNOWN, "no answer"),
        (SPAMCOP, DnsAnswer(DnsStatus.NO_SUCH_NAME, confirmed_by=0), UNKNOWN, "no answer"),
        ("dbl.spamhaus.org", codes("127.0.1.4"), PROBLEM, "phishing"),
        ("dbl.spamhaus.org", codes("127.0.1.255"), UNKNOWN, "does not explain"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_an_answer_is_listed_not_listed_or_neither(zone: str, answer: DnsAnswer, state: HealthState, says: str) -> None:
    found = read(blocklist(zone), answer)
    assert found.state is state
    assert says in found.detail


@pytest.mark.parametrize(
    ("listed", "unlisted", "state"),
    [
        (LISTED, NO_SUCH_NAME, FINE),
        (NO_SUCH_NAME, NO_SUCH_NAME, UNKNOWN),
        (LISTED, LISTED, UNKNOWN),
        (codes("127.255.255.254"), codes("127.255.255.254"), UNKNOWN),
        (codes("203.0.113.80"), codes("203.0.113.80"), UNKNOWN),
        (LISTED, DnsAnswer(DnsStatus.UNANSWERED), UNKNOWN),
    ],
    ids=["works", "dead", "lists everything", "refuses us", "answers are rewritten", "half silent"],
)
def test_a_list_that_fails_its_test_entries_is_not_believed(
    listed: DnsAnswer, unlisted: DnsAnswer, state: HealthState
) -> None:
    assert works(blocklist(ZEN), listed, unlisted).state is state


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("192.0.2.99", "99.2.0.192.bl.example.org"),
        (
            "2001:db8:1:2:3:4:567:89ab",
            "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.bl.example.org",
        ),
        ("Codes.Example.COM.", "codes.example.com.bl.example.org"),
    ],
    ids=["IPv4", "IPv6 nibbles", "domain"],
)
def test_what_is_asked_for(subject: str, name: str) -> None:
    assert entry(subject, "bl.example.org") == name


def test_the_test_entries_of_each_kind_of_list() -> None:
    assert trial_entries(blocklist(ZEN)) == ("2.0.0.127.zen.spamhaus.org", "1.0.0.127.zen.spamhaus.org")
    assert trial_entries(blocklist("dbl.example.org", of_domains=True)) == (
        "test.dbl.example.org",
        "invalid.dbl.example.org",
    )
    listed, unlisted = trial_entries(blocklist(ZEN), ipv6=True)
    assert listed.startswith("2.0.0.0.0.0.f.7.f.f.f.f.0.")
    assert unlisted.startswith("1.0.0.0.0.0.f.7.f.f.f.f.0.")


@given(st.lists(st.text(max_size=20), max_size=4))
def test_no_answer_makes_the_reader_raise_and_none_of_nonsense_is_a_listing(records: list[str]) -> None:
    assert read(blocklist(SPAMCOP), codes(*records)).state is UNKNOWN or any(
        record.startswith("127.") for record in records
    )
