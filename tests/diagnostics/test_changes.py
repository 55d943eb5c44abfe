"""What two runs differ in: pure, from observations that are written down here."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from diagnostics.changes import (
    IDENTITIES,
    ORDERED,
    VOLATILE,
    AnswerChange,
    FieldChange,
    HealthChange,
    Known,
    PortChange,
    Reach,
    Record,
    all_answer_changes,
    field_changes,
    health_changes,
    mail_move,
    observation_changes,
    port_changes,
    reply_change,
)
from diagnostics.domain import (
    Answer,
    Connection,
    ConnectOutcome,
    Diagnosis,
    DnsStatus,
    Evidence,
    Gap,
    ProviderKind,
    Seen,
    SendOutcome,
    SmtpConversation,
    SmtpReply,
    SmtpStage,
    Status,
    Transmission,
    Vantage,
    Verdict,
)
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mx import MxHost, MxRecords
from diagnostics.probes.mx_conversations import MxConversations
from diagnostics.probes.network_look import BrowserLook, How, Place, PortLook, Try
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.probes.test_message import TestMessageReport
from diagnostics.probes.vendor_health import HealthItem, HealthKind, HealthState, VendorHealth

AT = datetime(2026, 11, 17, 10, tzinfo=UTC)
OPEN = Connection("clocks.example.org", 59777, ConnectOutcome.OPEN, "192.0.2.80", 12)
MX1, MX2 = MxHost(10, "mx.example.org"), MxHost(20, "mx2.example.org")


def seen(observation: object) -> Seen:
    return Seen(type(observation), Vantage.SERVER, AT, observation)


def evidence(*observations: object) -> Evidence:
    return Evidence(map(seen, observations))


def kept(observation: object, **raw: object) -> Record:
    return Record(type(observation).__name__, seen(observation), raw or None)


def gap(kind: type[object], why: Gap = Gap.TIMED_OUT, *, applies: bool = True, **raw: object) -> Record:
    return Record(kind.__name__, Seen(kind, Vantage.SERVER, AT, gap=why, applies=applies), raw or None)


def mx(*hosts: MxHost) -> MxRecords:
    return MxRecords(DnsStatus.OK, hosts)


def port(outcome: ConnectOutcome) -> Evidence:
    return evidence(ServerPorts((replace(OPEN, outcome=outcome),)))


def replied(code: int, text: str, outcome: SendOutcome) -> Evidence:
    reply = SmtpReply(SmtpStage.RCPT, code, text)
    transmission = Transmission(outcome, "direct", "mx.example.org", replies=(reply,))
    return evidence(TestMessageReport("example.org", AT, transmission))


def health(state: HealthState) -> Evidence:
    return evidence(VendorHealth("timeclock", (HealthItem(HealthKind.SPF, "example.net", state),)))


# --- field by field ---


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (mx(MX1, MX2), mx(MX2, MX1), []),
        (mx(MX1), mx(replace(MX1, preference=5)), [FieldChange(("hosts", "mx.example.org", "preference"), 10, 5)]),
        (
            mx(MX1),
            mx(MX2),
            [
                FieldChange(("hosts", "mx.example.org"), MX1, None),
                FieldChange(("hosts", "mx2.example.org"), None, MX2),
            ],
        ),
        (
            mx(MX1, MX1),
            mx(MX1),
            [FieldChange(("hosts",), (MX1,), ())],
        ),
        (ServerPorts((OPEN,)), ServerPorts((replace(OPEN, elapsed_ms=99),)), []),
        (
            ServerPorts((OPEN,)),
            ServerPorts((replace(OPEN, outcome=ConnectOutcome.REFUSED),)),
            [
                FieldChange(
                    ("connections", "clocks.example.org 59777", "outcome"), ConnectOutcome.OPEN, ConnectOutcome.REFUSED
                )
            ],
        ),
        (MailSystem(others=("a", "b")), MailSystem(others=("b", "a")), []),
        (MailSystem(others=("a", "b")), MailSystem(others=("b", "c")), [FieldChange(("others",), ("a",), ("c",))]),
    ],
    ids=[
        "order of hosts",
        "preference",
        "another host",
        "twice and once",
        "durations",
        "one port of several",
        "order",
        "set",
    ],
)
def test_records_differ_by_field_and_lists_by_what_is_in_them(before, now, expected) -> None:
    assert list(field_changes(before, now)) == expected


def test_the_order_of_replies_is_what_happened() -> None:
    one, two = (SmtpReply(SmtpStage.RCPT, 250, text) for text in ("first", "second"))
    before, now = (
        MxConversations((SmtpConversation("mx.example.org", ConnectOutcome.OPEN, replies=replies),))
        for replies in ((one, two), (two, one))
    )
    (change,) = field_changes(before, now)
    assert change == FieldChange(("conversations", "mx.example.org", "replies"), (one, two), (two, one))


def test_a_field_is_volatile_or_says_which_thing_it_is_never_both() -> None:
    assert not VOLATILE & ORDERED
    assert not VOLATILE & set(IDENTITIES)


@pytest.mark.parametrize(
    ("before", "now", "states"),
    [
        ([kept(mx(MX1))], [gap(MxRecords)], (Known.SEEN, Known.UNKNOWN)),
        ([gap(MxRecords)], [kept(mx(MX1))], (Known.UNKNOWN, Known.SEEN)),
        ([kept(mx(MX1))], [], (Known.SEEN, Known.ABSENT)),
        ([gap(MxRecords)], [gap(MxRecords, Gap.NO_MX, applies=False)], (Known.UNKNOWN, Known.DOES_NOT_APPLY)),
        ([gap(MxRecords)], [gap(MxRecords, Gap.LOST)], (Known.UNKNOWN, Known.UNKNOWN)),
    ],
    ids=["lost sight", "came in sight", "no longer reported", "unknown to none", "another reason"],
)
def test_what_is_known_of_an_observation_is_told_apart(before, now, states) -> None:
    (change,) = observation_changes(before, now)
    assert (change.before, change.now) == states
    assert change.fields == ()


@pytest.mark.parametrize(
    ("before", "now"),
    [([kept(mx(MX1))], [kept(mx(MX1))]), ([gap(MxRecords)], [gap(MxRecords)]), ([], [])],
    ids=["seen", "unknown", "nothing"],
)
def test_the_same_is_no_change(before: list[Record], now: list[Record]) -> None:
    assert observation_changes(before, now) == ()


def test_what_another_version_wrote_is_compared_raw() -> None:
    old = gap(MxRecords, Gap.OUTDATED, hosts=["b", "a"], ttl=300)
    new = kept(mx(MX1), hosts=["a", "b"], ttl=60)
    (change,) = observation_changes([old], [new])
    assert (change.before, change.now) == (Known.UNREADABLE, Known.SEEN)
    assert change.fields == (FieldChange(("ttl",), 300, 60),)


def test_of_several_reports_of_a_kind_the_last_counts() -> None:
    assert observation_changes([kept(mx(MX1))], [kept(mx(MX2)), kept(mx(MX1))]) == ()


# --- what sentences are made of ---


def test_mail_that_moved_names_both_systems() -> None:
    before = evidence(mx(MX1), MailSystem(mailbox_provider="microsoft-365", kind=ProviderKind.MAILBOX))
    now = evidence(mx(MX2), MailSystem(gateway="mimecast", kind=ProviderKind.GATEWAY))
    move = mail_move(before, now)
    assert move
    assert (move.before, move.now) == (("microsoft-365",), ("mimecast",))
    assert (move.mx.before, move.mx.now) == (("mx.example.org",), ("mx2.example.org",))
    assert mail_move(before, evidence(MailSystem(gateway="mimecast"))) is None, "unknown is no move"


@pytest.mark.parametrize(
    ("before", "now", "reach"),
    [
        (ConnectOutcome.FILTERED, ConnectOutcome.OPEN, (Reach.CLOSED, Reach.OPEN)),
        (ConnectOutcome.OPEN, ConnectOutcome.REFUSED, (Reach.OPEN, Reach.CLOSED)),
        (ConnectOutcome.FILTERED, ConnectOutcome.DNS_UNANSWERED, (Reach.CLOSED, Reach.UNKNOWN)),
        (ConnectOutcome.FILTERED, ConnectOutcome.REFUSED, None),
    ],
    ids=["opened", "closed", "unknown now", "closed otherwise"],
)
def test_ports_that_changed(before: ConnectOutcome, now: ConnectOutcome, reach) -> None:
    expected = (PortChange(Vantage.SERVER, "clocks.example.org", 59777, *reach),) if reach else ()
    assert port_changes(port(before), port(now)) == expected


def test_ports_seen_from_the_customers_network_change_too() -> None:
    def look(how: How) -> Evidence:
        tries = (Try(how, 900),)
        return evidence(BrowserLook("nonce", Place.DEVICE, (PortLook("port.example.net", 59778, tries),)))

    (change,) = port_changes(look(How.FAILED), look(How.ECHO))
    assert change == PortChange(Vantage.BROWSER, "port.example.net", 59778, Reach.CLOSED, Reach.OPEN)


def test_a_reply_in_other_words_is_told_with_both() -> None:
    before = replied(552, "5.2.2 mailbox full", SendOutcome.REFUSED)
    now = replied(250, "2.0.0 queued", SendOutcome.ACCEPTED)
    change = reply_change(before, now)
    assert change
    assert (change.before, change.now) == ("552 5.2.2 mailbox full", "250 2.0.0 queued")
    assert reply_change(before, before) is None
    assert reply_change(before, Evidence()) is None


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (HealthState.PROBLEM, HealthState.FINE),
        (HealthState.FINE, HealthState.UNKNOWN),
        (HealthState.UNKNOWN, HealthState.PROBLEM),
    ],
)
def test_our_own_side_is_told_by_thing(before: HealthState, now: HealthState) -> None:
    assert health_changes(health(before), health(now)) == (HealthChange(HealthKind.SPF, "example.net", before, now),)
    assert health_changes(health(now), health(now)) == ()


def test_a_question_that_is_unknown_now_is_a_change_and_never_to_fine() -> None:
    def diagnosis(**statuses: Status) -> Diagnosis:
        answers = tuple(Answer(question, status) for question, status in statuses.items())
        return Diagnosis(Verdict.NOTHING_FOUND, answers=answers)

    before = diagnosis(mx=Status.PROBLEM, ports=Status.FINE, domain=Status.FINE)
    now = diagnosis(mx=Status.COULD_NOT_CHECK, ports=Status.FINE, domain=Status.PROBLEM, held=Status.FINE)
    assert all_answer_changes(before, now) == (
        AnswerChange("mx", Status.PROBLEM, Status.COULD_NOT_CHECK),
        AnswerChange("domain", Status.FINE, Status.PROBLEM),
    )
