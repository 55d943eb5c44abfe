"""Put off and tried again; taken and come back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from diagnostics import registry
from diagnostics.checks.message import lets_us_in, mailbox_exists, mailbox_has_space
from diagnostics.checks.placement import held_on_the_way, in_the_inbox, only_the_second_arrives
from diagnostics.checks.waiting import taken_at_once
from diagnostics.domain import (
    Evidence,
    Finding,
    Gap,
    NotApplicable,
    NotAsked,
    Seen,
    SendOutcome,
    Severity,
    SmtpReply,
    SmtpStage,
    Strength,
    Transmission,
    Unobserved,
    Vantage,
)
from diagnostics.probes.test_message import (
    BounceReport,
    ComparisonAnswer,
    ComparisonReport,
    MailboxAnswer,
    PutOff,
    TestCodeTyped,
    TestMessageReport,
    Whereabouts,
)

FIRST = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
HOST = "mx.example.org"
GREYLISTED = "450 4.7.1 Greylisted, please try again in 300 seconds"
UNCLEAR = "451 qwertz"
DISK_FULL = "452 4.3.1 Insufficient system storage"
UNKNOWN_USER = "550 5.1.1 <anna@example.org>: Recipient address rejected: User unknown"


def handed_over(
    outcome: SendOutcome = SendOutcome.ACCEPTED, text: str = "250 2.0.0 queued", *earlier: str, minutes: float = 0
) -> TestMessageReport:
    reply = SmtpReply(SmtpStage.RCPT, int(text[:3]), text[4:])
    replies = (reply,) if outcome not in (SendOutcome.UNREACHABLE, SendOutcome.UNKNOWN) else ()
    return TestMessageReport(
        domain="example.org",
        sent_at=FIRST + timedelta(minutes=minutes),
        transmission=Transmission(outcome, "direct", HOST, replies=replies),
        attempt=len(earlier) + 1,
        first_sent_at=FIRST,
        earlier=tuple(PutOff(one, HOST) for one in earlier),
        code_lifetime=600,
    )


def bounce(text: str, *, final: bool = True, host: str = "store.example.org", elsewhere: str = "") -> BounceReport:
    return BounceReport("example.org", host, text, text[4:9], final, 40, elsewhere)


def findings(check: object, *seen: object) -> list[Finding]:
    (one,) = (one for one in registry.checks() if one.judge is check)
    evidence = Evidence(Seen(type(what), Vantage.SENDER, FIRST, what) for what in seen)
    return list(one.judge(*registry.arguments(one, evidence)))


def said(check: object, *seen: object) -> list[tuple[str, str]]:
    """Tag, and how strongly; a note by that word."""
    return [
        (one.tag, "note" if one.severity is Severity.NOTE and one.strength is Strength.HINTS else one.strength.value)
        for one in findings(check, *seen)
    ]


@pytest.mark.parametrize(
    ("report", "others", "expected"),
    [
        (handed_over(SendOutcome.ACCEPTED, "250 ok", GREYLISTED, minutes=1), (), [("greylisted", "proves")]),
        (handed_over(SendOutcome.RELAYED, "250 ok", GREYLISTED, minutes=1), (), [("greylisted", "proves")]),
        (handed_over(SendOutcome.ACCEPTED, "250 ok", UNCLEAR, minutes=1), (), [("greylisted", "hints")]),
        (handed_over(SendOutcome.ACCEPTED, "250 ok", DISK_FULL, minutes=1), (), [("server.temporary", "note")]),
        (handed_over(SendOutcome.ACCEPTED, "250 ok", DISK_FULL, minutes=11), (), [("server.temporary", "hints")]),
        (handed_over(SendOutcome.DEFERRED, GREYLISTED, UNCLEAR, minutes=6), (), [("greylisted", "proves")]),
        (handed_over(SendOutcome.DEFERRED, DISK_FULL, DISK_FULL, minutes=51), (), [("server.temporary", "proves")]),
        (handed_over(SendOutcome.UNKNOWN, "250 ok", GREYLISTED, minutes=1), (), [("greylisted", "proves")]),
        (handed_over(SendOutcome.UNREACHABLE, "250 ok", GREYLISTED, minutes=1), (), [("greylisted", "proves")]),
        (handed_over(SendOutcome.REFUSED, UNKNOWN_USER, GREYLISTED, minutes=1), (), [("greylisted", "hints")]),
        (
            handed_over(SendOutcome.ACCEPTED, "250 ok", GREYLISTED, minutes=1),
            (bounce(UNKNOWN_USER),),
            [("greylisted", "hints")],
        ),
        (
            handed_over(SendOutcome.ACCEPTED, "250 ok", GREYLISTED, minutes=1),
            (MailboxAnswer(Whereabouts.SPAM),),
            [("greylisted", "hints")],
        ),
        (
            handed_over(SendOutcome.ACCEPTED, "250 ok", GREYLISTED, minutes=21),
            (MailboxAnswer(Whereabouts.SPAM),),
            [("greylisted", "proves")],
        ),
    ],
    ids=[
        "greylisted, then taken",
        "greylisted, then relayed",
        "words that nobody understands, then taken",
        "a full disk that passed",
        "a full disk for longer than a code lives",
        "one of two was understood",
        "still put off",
        "then lost on the way",
        "then unreachable",
        "then refused for good",
        "then taken and returned",
        "then found in spam in time",
        "then found in spam too late",
    ],
)
def test_what_waiting_says(report, others, expected) -> None:
    assert said(taken_at_once, report, *others) == expected


def test_a_wait_is_set_against_the_life_of_a_code() -> None:
    (short,) = findings(taken_at_once, handed_over(SendOutcome.ACCEPTED, "250 ok", GREYLISTED, minutes=5.1))
    (long,) = findings(taken_at_once, handed_over(SendOutcome.ACCEPTED, "250 ok", *[GREYLISTED] * 3, minutes=21))
    assert (short.facts["minutes"], short.facts["tries"], short.facts.get("expires_after")) == ("6", "2", None)
    assert (long.facts["minutes"], long.facts["tries"], long.facts["expires_after"]) == ("21", "4", "10")


def test_a_relays_words_prove_no_greylisting_of_theirs() -> None:
    report = handed_over(SendOutcome.ACCEPTED, "250 ok", GREYLISTED, minutes=1)
    assert said(taken_at_once, replace(report, earlier=(PutOff(GREYLISTED, ""),))) == [("greylisted", "hints")]


def test_a_message_that_was_taken_at_once_met_no_wait() -> None:
    assert said(taken_at_once, handed_over()) == []


@pytest.mark.parametrize(
    ("check", "came_back", "expected"),
    [
        (mailbox_exists, bounce(UNKNOWN_USER), [("mailbox.unknown", "proves")]),
        (mailbox_exists, bounce(UNKNOWN_USER, host=""), [("mailbox.unknown", "hints")]),
        (mailbox_exists, bounce("550 5.1.1 no such user", elsewhere="example.net"), [("forward.broken", "proves")]),
        (mailbox_exists, bounce("552 5.2.2 mailbox full", elsewhere="example.net"), [("forward.broken", "proves")]),
        (mailbox_has_space, bounce("552 5.2.2 mailbox full"), [("mailbox.full", "proves")]),
        (lets_us_in, bounce("554 5.7.1 blocked using zen.spamhaus.org"), [("sender.listed", "proves")]),
        (lets_us_in, bounce("550 qwertz"), [("policy.refused", "hints")]),
        (taken_at_once, bounce(DISK_FULL, final=False), [("server.temporary", "hints")]),
        (taken_at_once, bounce("450 qwertz", final=False), [("server.temporary", "hints")]),
    ],
    ids=[
        "unknown",
        "said by our relay",
        "unknown behind a forward",
        "full behind a forward",
        "full",
        "listed",
        "unclear",
        "delayed",
        "delayed, unclear",
    ],
)
@pytest.mark.parametrize("outcome", [SendOutcome.ACCEPTED, SendOutcome.RELAYED])
def test_what_comes_back_names_the_cause(check, came_back, expected, outcome) -> None:
    assert said(check, handed_over(outcome), came_back) == expected


@pytest.mark.parametrize("check", [mailbox_has_space, lets_us_in, taken_at_once])
def test_a_bounce_leaves_nothing_to_ask_about_the_others(check) -> None:
    with pytest.raises(NotApplicable):
        findings(check, handed_over(SendOutcome.RELAYED), bounce(UNKNOWN_USER))


def test_a_delay_says_nothing_of_the_mailbox() -> None:
    assert said(mailbox_exists, handed_over(), bounce(DISK_FULL, final=False)) == []


def test_a_delay_leaves_open_what_our_relay_cannot_tell() -> None:
    with pytest.raises(Unobserved) as caught:
        findings(mailbox_exists, handed_over(SendOutcome.RELAYED), bounce(DISK_FULL, final=False))
    assert caught.value.gap is Gap.RELAYED


def test_what_arrived_and_came_back_too_is_kept_as_a_note() -> None:
    assert said(mailbox_exists, handed_over(), bounce(UNKNOWN_USER), TestCodeTyped(30)) == [("mailbox.unknown", "note")]


@pytest.mark.parametrize("check", [in_the_inbox, held_on_the_way])
@pytest.mark.parametrize("answer", [(), (MailboxAnswer(Whereabouts.NOWHERE),)], ids=["not asked", "nowhere"])
def test_what_came_back_is_not_to_be_looked_for(check, answer) -> None:
    with pytest.raises(NotApplicable):
        findings(check, handed_over(), bounce(UNKNOWN_USER), *answer)


@pytest.mark.parametrize("check", [in_the_inbox, held_on_the_way])
def test_what_is_still_being_passed_on_is_not_to_be_looked_for_yet(check) -> None:
    with pytest.raises(NotAsked):
        findings(check, handed_over(), bounce(DISK_FULL, final=False), MailboxAnswer(Whereabouts.NOWHERE))


def test_what_the_customer_found_counts_beside_a_bounce() -> None:
    seen = (handed_over(), bounce(UNKNOWN_USER), MailboxAnswer(Whereabouts.SPAM))
    assert said(in_the_inbox, *seen) == [("placed.spam", "proves")]
    assert said(mailbox_exists, *seen) == [("mailbox.unknown", "proves")]


def test_only_the_second_message_arrives_where_the_first_came_back() -> None:
    second = ComparisonReport("example.net", FIRST, Transmission(SendOutcome.ACCEPTED, "direct", "mx.example.net"))
    seen = (second, ComparisonAnswer(Whereabouts.INBOX), handed_over(), bounce(UNKNOWN_USER))
    assert said(only_the_second_arrives, *seen) == [("comparison.mail-server", "hints")]
