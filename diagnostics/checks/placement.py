"""Accepted is not arrived: where did the message end up?"""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.domain import (
    Finding,
    Gap,
    NotApplicable,
    NotAsked,
    ProviderKind,
    SendOutcome,
    Unobserved,
    hints,
    proves,
    rules_out,
)
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mailbox_behind import MailboxBehind, mailbox_of
from diagnostics.probes.test_message import (
    NOT_SEEN,
    BounceReport,
    ComparisonAnswer,
    ComparisonCodeTyped,
    ComparisonReport,
    MailboxAnswer,
    TestCodeTyped,
    TestMessageReport,
    Whereabouts,
)
from diagnostics.providers import provider
from diagnostics.registry import check


@check(
    TestMessageReport,
    may_read=(TestCodeTyped, MailboxAnswer, MailSystem, MailboxBehind, BounceReport),
    answers="seen",
    emits={"placed.spam"},
)
def in_the_inbox(
    report: TestMessageReport,
    typed: TestCodeTyped | None,
    answer: MailboxAnswer | None,
    system: MailSystem | None,
    behind: MailboxBehind | None,
    bounce: BounceReport | None,
) -> Iterator[Finding]:
    """Only the customer can say where it lies; the code typed back proves that it lies somewhere they look."""
    _must_be_taken(report)
    where = answer.where if answer else None
    if typed is None and where in (None, Whereabouts.NOWHERE):
        _must_not_be_back(bounce)
    if where is Whereabouts.SPAM:
        yield proves("placed.spam", **_names(system, behind))
    elif typed is None and where is not Whereabouts.INBOX:
        raise NotAsked


@check(
    TestMessageReport,
    may_read=(TestCodeTyped, MailboxAnswer, MailSystem, MailboxBehind, BounceReport),
    answers="held",
    emits={*NOT_SEEN, "placed.quarantine", "arrived.late"},
)
def held_on_the_way(
    report: TestMessageReport,
    typed: TestCodeTyped | None,
    answer: MailboxAnswer | None,
    system: MailSystem | None,
    behind: MailboxBehind | None,
    bounce: BounceReport | None,
) -> Iterator[Finding]:
    """Taken and not seen: a filter whose quarantine the user cannot see is the likely place."""
    _must_be_taken(report)
    where = answer.where if answer else None
    if typed is None and where in (None, Whereabouts.NOWHERE):
        _must_not_be_back(bounce)
    if where is Whereabouts.QUARANTINE:
        yield proves("placed.quarantine", **_names(system, behind))
    elif typed is not None:
        yield from map(rules_out, NOT_SEEN)
        if typed.after_seconds > typed.code_lifetime:
            yield hints("arrived.late", minutes=str(typed.after_seconds // 60))
    elif report.transmission.outcome is SendOutcome.RELAYED:
        raise Unobserved(Gap.RELAYED)
    elif where is Whereabouts.NOWHERE:
        yield hints(_likely_place(system, behind), **_names(system, behind))
    elif where is None:
        raise NotAsked  # a filter in front is no reason to suspect it: ask first


@check(
    ComparisonReport,
    may_read=(ComparisonCodeTyped, ComparisonAnswer, TestMessageReport, TestCodeTyped, MailboxAnswer, BounceReport),
    answers="comparison",
    emits={"comparison.mail-server"},
)
def only_the_second_arrives(
    second: ComparisonReport,
    second_typed: ComparisonCodeTyped | None,
    second_answer: ComparisonAnswer | None,
    first: TestMessageReport | None,
    first_typed: TestCodeTyped | None,
    first_answer: MailboxAnswer | None,
    first_bounce: BounceReport | None,
) -> Iterator[Finding]:
    """The same message to two mailboxes: where only the second gets it, the first one's server is the difference."""
    second_arrived = second_typed is not None or second_answer == ComparisonAnswer(Whereabouts.INBOX)
    if second_typed is None and second_answer is None:
        raise NotAsked
    if not second_arrived or first is None or first_typed is not None:
        return
    returned = first_bounce is not None and first_bounce.final
    refused = returned or first.transmission.outcome in (SendOutcome.REFUSED, SendOutcome.DEFERRED)
    not_seen = first_answer is not None and first_answer.where is not Whereabouts.INBOX
    if refused or not_seen:
        yield hints("comparison.mail-server", domain=first.domain)


def _must_be_taken(report: TestMessageReport) -> None:
    if report.transmission.outcome not in (SendOutcome.ACCEPTED, SendOutcome.RELAYED, SendOutcome.UNKNOWN):
        raise NotApplicable(Gap.NOT_TAKEN)


def _must_not_be_back(bounce: BounceReport | None) -> None:
    """What came back lies in no folder; what a server on the way still tries to pass on lies in none yet."""
    if bounce is not None:
        raise NotApplicable(Gap.NOT_TAKEN) if bounce.final else NotAsked


def _likely_place(system: MailSystem | None, behind: MailboxBehind | None) -> str:
    """The filter in front, else a quarantine that only administrators see, else nobody knows where."""
    if system and system.gateway:
        return "held.by-filter"
    known = provider(mailbox_of(system, behind))
    hidden = known is not None and known.kind is ProviderKind.MAILBOX and bool(known.hidden_from_user)
    certain = not (behind and behind.provider) or behind.certain
    return "held.admin-quarantine" if hidden and certain else "accepted.not-seen"


def _names(system: MailSystem | None, behind: MailboxBehind | None) -> dict[str, str]:
    """The facts of the mail system by name, for the remedy's words."""
    mailbox = provider(mailbox_of(system, behind))
    first = provider(system.gateway if system else "") or mailbox
    if first is None:
        return {}
    return {
        "provider": first.name,
        "folders": ", ".join((mailbox or first).folders),
        "held_days": str(first.held_days or ""),
    }
