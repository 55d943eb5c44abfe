"""What follows from what the customer told us. Nothing follows from "I am not sure".

An answer that names no cause leaves its question open: that nothing has come is not fine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TypeVar

from diagnostics.domain import Finding, NotAsked, hints, proves, rules_out
from diagnostics.probes.customer_answers import (
    AskedWhen,
    AskedWhenAnswer,
    ClockAnswer,
    ClockIs,
    CodeArrival,
    CodeArrivalAnswer,
    CodePlace,
    CodePlaceAnswer,
    CodeUsed,
    CodeUsedAnswer,
    ColleaguesAnswer,
    ColleaguesGetIt,
    MailboxKind,
    MailboxKindAnswer,
    Often,
    OftenAnswer,
    OnAccount,
    OnAccountAnswer,
)
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mailbox_behind import MailboxBehind, mailbox_of
from diagnostics.probes.test_message import NOT_SEEN
from diagnostics.providers import provider
from diagnostics.registry import check

A = TypeVar("A", bound=StrEnum)

PLACES = {
    CodePlace.SPAM: "placed.spam",
    CodePlace.OTHER_TAB: "placed.other-tab",
    CodePlace.RULE: "placed.rule",
    CodePlace.QUARANTINE: "placed.quarantine",
}
USES = {CodeUsed.OLDER: "code.older-used", CodeUsed.NEWEST_LATER: "code.expired"}
ACCOUNTS = {
    OnAccount.OTHER_ADDRESS: "address.not-on-file",
    OnAccount.OTHER_COMPANY_ID: "company.unknown",
    OnAccount.NOT_ADMINISTRATOR: "address.not-administrator",
}
AT_LEAST_DAYS = {
    AskedWhen.TODAY: 0,
    AskedWhen.THIS_WEEK: 0,
    AskedWhen.OVER_A_WEEK: 7,
    AskedWhen.OVER_TWO_WEEKS: 14,
    AskedWhen.OVER_A_MONTH: 30,
}
MAILBOXES = {MailboxKind.SHARED: "recipient.restricted", MailboxKind.FORWARDED: "forward.broken"}


@check(CodeArrivalAnswer, answers="code", emits={"arrived.late", *NOT_SEEN})
def code_came(said: CodeArrivalAnswer) -> Iterator[Finding]:
    """A code that came, whenever and wherever, was sent and let in."""
    _must_be_sure(said.answer)
    if said.answer is CodeArrival.NOTHING:
        raise NotAsked
    yield from map(rules_out, NOT_SEEN)
    if said.answer is CodeArrival.LATE:
        yield hints("arrived.late")


@check(CodePlaceAnswer, answers="found", emits={*PLACES.values(), *NOT_SEEN})
def code_found(said: CodePlaceAnswer) -> Iterator[Finding]:
    """The customer found it: there is no better proof of where it lies."""
    _must_be_sure(said.answer)
    yield from map(rules_out, NOT_SEEN)
    yield from (proves(tag) for tag in _meant(PLACES, said.answer))


@check(CodeUsedAnswer, answers="code", emits=set(USES.values()))
def code_used(said: CodeUsedAnswer) -> Iterator[Finding]:
    """Each new request cancels the codes before it; and a code is good for a while only."""
    _must_be_sure(said.answer)
    if said.answer not in USES:
        raise NotAsked
    yield hints(USES[said.answer])


@check(OftenAnswer, answers="code", emits={"requests.too-many"})
def asked_often(said: OftenAnswer) -> Iterator[Finding]:
    """Many requests in a short time start a waiting time, and every one kills the code before."""
    _must_be_sure(said.answer)
    if said.answer is not Often.SEVERAL:
        raise NotAsked
    yield hints("requests.too-many")


@check(OnAccountAnswer, answers="account", emits=set(ACCOUNTS.values()))
def on_account(said: OnAccountAnswer) -> Iterator[Finding]:
    """Codes go to the addresses that the account page shows as administrators, and to no other."""
    _must_be_sure(said.answer)
    yield from (hints(tag) for tag in _meant(ACCOUNTS, said.answer))


@check(MailboxKindAnswer, answers="mailbox-kind", emits=set(MAILBOXES.values()))
def mailbox_kind(said: MailboxKindAnswer) -> Iterator[Finding]:
    """Shared mailboxes are often closed to outsiders, and forwards break without a word."""
    _must_be_sure(said.answer)
    yield from (hints(tag) for tag in _meant(MAILBOXES, said.answer))


@check(ColleaguesAnswer, answers="mailbox-kind", emits={"placed.rule"})
def colleagues_get_it(said: ColleaguesAnswer) -> Iterator[Finding]:
    """Where others of the domain get the vendor's e-mail, something about this mailbox is different."""
    _must_be_sure(said.answer)
    if said.answer is not ColleaguesGetIt.YES:
        raise NotAsked
    yield hints("placed.rule")


@check(ClockAnswer, answers="code", emits={"device.clock-wrong"})
def clock_is_right(said: ClockAnswer) -> Iterator[Finding]:
    """A device whose clock is wrong takes a fresh code for an expired one."""
    _must_be_sure(said.answer)
    if said.answer is not ClockIs.WRONG:
        raise NotAsked
    yield hints("device.clock-wrong")


@check(AskedWhenAnswer, MailSystem, may_read=(MailboxBehind,), answers="held", emits={"held.expired"})
def still_held(said: AskedWhenAnswer, system: MailSystem, behind: MailboxBehind | None) -> Iterator[Finding]:
    """Quarantines empty themselves: a code asked for before that is gone, even if it was held."""
    _must_be_sure(said.answer)
    keeps = provider(system.gateway) or provider(mailbox_of(system, behind))
    if keeps is None or not keeps.held_days or AT_LEAST_DAYS[said.answer] < keeps.held_days:
        raise NotAsked
    yield hints("held.expired", provider=keeps.name, held_days=str(keeps.held_days))


def _must_be_sure(answer: StrEnum) -> None:
    if answer.value == "unsure":
        raise NotAsked


def _meant(tags: Mapping[A, str], answer: A) -> Iterator[str]:
    if answer in tags:
        yield tags[answer]
