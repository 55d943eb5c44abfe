"""What the vendor's own records prove about a code e-mail, and what they leave open."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.checks.sending import DISPROVED, code_mail_was_sent, message_was_sent, suppressed
from diagnostics.domain import (
    Finding,
    Gap,
    Membership,
    SendEvent,
    SendEventKind,
    SendHistory,
    Strength,
    Suppression,
    SuppressionAnswer,
    SuppressionReason,
    Unobserved,
)
from diagnostics.probes.directory_match import DirectoryMatch
from diagnostics.probes.send_events import CodeMailEvents, TestMessageStopped

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
P, H, R = Strength.PROVES, Strength.HINTS, Strength.RULES_OUT
K = SendEventKind
FULL = "552 5.2.2 <anna@example.org>: mailbox full"
GREY = "450 4.2.0 <anna@example.org>: Greylisted, try again in 300 seconds"
GONE = "550 5.1.1 <anna@example.org>: Recipient address rejected: User unknown"


def event(kind: SendEventKind, minutes: float, *, name: str = "m-1", **said: str) -> SendEvent:
    """That many minutes ago."""
    return SendEvent(kind, NOW - timedelta(minutes=minutes), "postmark", name, **said)


def history(*events: SendEvent, begun: int = 0, ended: int = 5) -> SendHistory:
    return SendHistory(events, NOW, "example.org", begun, ended, 600)


def said(findings) -> list[tuple[str, Strength]]:
    return [(one.tag, one.strength) for one in findings if one.strength is not R]


DAY = 24 * 60


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([event(K.QUEUED, 2), event(K.DELIVERED, 1)], []),
        ([event(K.QUEUED, 2)], []),
        ([event(K.QUEUED, 12)], [("our.queue-late", H)]),
        ([event(K.QUEUED, 3), event(K.BOUNCED, 2, reply=FULL)], [("mailbox.full", P)]),
        ([event(K.BOUNCED, 2, reply=f"smtp;{GONE}")], [("mailbox.unknown", P)]),
        ([event(K.BOUNCED, 2, reply="it did not work")], [("refused.unclear", H)]),
        ([event(K.BOUNCED, 3 * DAY, reply=FULL)], [("mailbox.full", H)]),
        ([event(K.DEFERRED, 2, reply=GREY)], [("greylisted", P)]),
        ([event(K.DEFERRED, 4, reply=GREY), event(K.DELIVERED, 1)], []),
        ([event(K.QUEUED, 30), event(K.DEFERRED, 29, reply=GREY), event(K.DELIVERED, 5)], [("greylisted", P)]),
        ([event(K.QUEUED, 30), event(K.DELIVERED, 5)], [("arrived.late", P)]),
        ([event(K.REJECTED, 2, reject_reason="bounced")], [("suppressed.bounce", P)]),
        ([event(K.REJECTED, 2, reject_reason="spam")], [("suppressed.complaint", P)]),
        ([event(K.REJECTED, 2, reject_reason="other", reply="Spam Reporting Address")], [("suppressed.complaint", P)]),
        ([event(K.REJECTED, 2, reject_reason="unsubscribed")], [("suppressed.other", P)]),
        ([event(K.REJECTED, 2, reply="credits used up")], [("our.rejected", P)]),
        ([event(K.REJECTED, 2, reply="no credits for <bounce@spam.example.org>")], [("our.rejected", P)]),
        ([event(K.BOUNCED, 2, reply="552 5.2.2 <anna@suppressed.example.org>: mailbox full")], [("mailbox.full", P)]),
        ([event(K.FAILED, 2, reply="template broken")], [("our.rejected", P)]),
        (
            [event(K.BOUNCED, 60, reply=FULL, name="m-0"), event(K.QUEUED, 2), event(K.DELIVERED, 1)],
            [],
        ),
        ([event(K.DELIVERED, 2 * DAY)], [("device.never-asked", H)]),
        ([event(K.DELIVERED, 1), event(K.CLICKED, 0.95)], [("link.scanned", H)]),
        ([event(K.DELIVERED, 9), event(K.CLICKED, 1, user_agent="curl/8")], [("link.scanned", H)]),
        ([event(K.DELIVERED, 9), event(K.OPENED, 2), event(K.CLICKED, 1, user_agent="Mozilla/5.0")], []),
    ],
    ids=[
        "delivered",
        "just queued",
        "queued for long",
        "bounced",
        "bounced, with words around",
        "bounced, not understood",
        "bounced days ago",
        "put off",
        "put off, then taken in time",
        "put off, then taken too late",
        "too late for no reason",
        "dropped after a bounce",
        "dropped after a complaint",
        "dropped, said in words",
        "dropped, unsubscribed",
        "refused by our service",
        "refused, the address has such words in it",
        "bounced, the address has such words in it",
        "failed at our service",
        "an older one bounced",
        "none for a day",
        "clicked within seconds",
        "clicked by a program",
        "clicked by a person",
    ],
)
def test_the_newest_code_mail_tells(events: list[SendEvent], found: list[tuple[str, Strength]]) -> None:
    assert said(code_mail_was_sent(history(*events), None, None)) == found


@pytest.mark.parametrize(
    ("begun", "ended", "match", "found"),
    [
        (3, 5, None, P),
        (3, 5, Membership.ADMINISTRATOR, P),
        (3, 5, Membership.NOT_ON_FILE, H),
        (0, 5, None, H),
    ],
    ids=["others' begin is heard of", "on file", "not on file", "only others' end is heard of"],
)
def test_nobody_asked_for_a_code(begun: int, ended: int, match: Membership | None, found: Strength) -> None:
    known = DirectoryMatch(match) if match else None
    assert said(code_mail_was_sent(history(begun=begun, ended=ended), None, known)) == [("device.never-asked", found)]


def test_a_service_that_tells_nothing_proves_nothing() -> None:
    with pytest.raises(Unobserved) as caught:
        list(code_mail_was_sent(history(ended=0), None, None))
    assert caught.value.gap is Gap.RECORDS_SILENT


def test_queued_for_long_means_nothing_where_ends_are_never_told() -> None:
    assert said(code_mail_was_sent(history(event(K.QUEUED, 30), ended=0), None, None)) == []


def test_what_was_told_later_counts() -> None:
    later = CodeMailEvents((event(K.BOUNCED, 1, reply=FULL),), NOW, "example.org")
    assert said(code_mail_was_sent(history(begun=1), later, None)) == [("mailbox.full", P)]


@pytest.mark.parametrize(("minutes", "ruled_out"), [(1, set(DISPROVED)), (120, set())], ids=["just now", "hours ago"])
def test_a_code_mail_taken_just_now_contradicts_what_would_keep_it_out(minutes: int, ruled_out: set[str]) -> None:
    findings = code_mail_was_sent(history(event(K.DELIVERED, minutes)), None, None)
    assert {one.tag for one in findings if one.strength is R} == ruled_out


def test_a_code_mail_that_was_read_is_not_lost() -> None:
    read = history(event(K.DELIVERED, 9), event(K.OPENED, 2))
    assert Finding("accepted.not-seen", R) in [
        Finding(one.tag, one.strength) for one in code_mail_was_sent(read, None, None)
    ]


LISTED = Suppression("postmark", SuppressionReason.BOUNCE, NOW, "HardBounce", removable=True)


@pytest.mark.parametrize(
    ("reason", "tag"),
    [
        (SuppressionReason.BOUNCE, "suppressed.bounce"),
        (SuppressionReason.COMPLAINT, "suppressed.complaint"),
        (SuppressionReason.UNSUBSCRIBE, "suppressed.other"),
        (SuppressionReason.MANUAL, "suppressed.other"),
    ],
)
def test_an_entry_is_a_proof_even_where_another_service_is_silent(reason: SuppressionReason, tag: str) -> None:
    entry = Suppression("postmark", reason, NOW, "noted")
    (finding,) = suppressed(SuppressionAnswer((entry,), ("postmark", "mailgun"), ("mailgun",)))
    assert (finding.tag, finding.strength) == (tag, P)
    assert finding.facts == {"service": "Postmark", "since": "2026-03-01", "reply": "noted"}


def test_no_entry_rules_it_out_only_if_everybody_answered() -> None:
    clear = list(suppressed(SuppressionAnswer((), ("postmark",))))
    assert {one.strength for one in clear} == {R}
    with pytest.raises(Unobserved) as caught:
        list(suppressed(SuppressionAnswer((), ("postmark", "mailgun"), ("mailgun",))))
    assert caught.value.gap is Gap.RECORDS_SILENT


@pytest.mark.parametrize(
    ("words", "tag"),
    [
        ("Amazon SES has suppressed sending to this address: recent history of bouncing", "suppressed.bounce"),
        ("Amazon SES did not send: the address is on the suppression list for your account", "suppressed.other"),
    ],
    ids=["it says why", "it does not"],
)
def test_a_test_message_that_was_stopped_names_what_stopped_it(words: str, tag: str) -> None:
    (finding,) = message_was_sent(TestMessageStopped(event(K.BOUNCED, 1, reply=words)))
    assert (finding.tag, finding.strength) == (tag, P)


EVENTS = st.builds(
    SendEvent,
    kind=st.sampled_from(SendEventKind),
    at=st.datetimes(timezones=st.just(UTC), min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1)),
    service=st.text(max_size=5),
    message_id=st.sampled_from(["", "m-1", "m-2"]),
    reply=st.text(max_size=40) | st.sampled_from([FULL, GREY, GONE]),
    reject_reason=st.sampled_from(["", "bounced", "spam", "what?"]),
    user_agent=st.text(max_size=20),
)


@given(st.lists(EVENTS, max_size=8, unique_by=lambda one: one.at), st.randoms(use_true_random=False))
def test_no_history_makes_it_raise_and_the_order_does_not_matter(events: list[SendEvent], luck: random.Random) -> None:
    shuffled = events.copy()
    luck.shuffle(shuffled)
    known = said(code_mail_was_sent(history(*events, begun=1), None, None))
    assert said(code_mail_was_sent(history(*shuffled, begun=1), None, None)) == known


def test_a_bounce_that_anybody_may_have_written_proves_nothing() -> None:
    forged = replace(event(K.BOUNCED, 2, reply=FULL), service="bounce")
    assert said(code_mail_was_sent(history(forged), None, None)) == [("mailbox.full", H)]
