"""The way of the mail as a picture: our servers, the filter in front, the mail server, the mailbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from django.utils.translation import gettext as _

from diagnostics.domain import ConnectOutcome, Provider, ProviderKind, SmtpStage, Stage, Status
from diagnostics.models import MessageState
from diagnostics.probes.mx_conversations import MxConversations
from diagnostics.probes.test_message import MailboxAnswer, TestCodeTyped, Whereabouts
from diagnostics.providers import provider
from portal.wizard import words
from portal.wizard.casefile import CaseFile
from portal.wizard.our_side import our_side

OUR_FAMILIES = frozenset({"our", "sender", "suppressed", "company", "requests"})
"""Beginnings of tags whose causes lie with us: the mail is not sent, or we are not believed."""
NOT_SENT = frozenset(
    {
        "company.unknown",
        "address.other-company",
        "address.not-on-file",
        "address.near-match",
        "address.not-administrator",
    }
)
"""The way ends before its beginning: a code for this company is not sent to this address."""
MAILBOX_FAMILIES = frozenset({"mailbox", "recipient", "address", "placed", "accepted", "held", "code", "link"})
AT_THE_DOOR = frozenset({"placed.quarantine", "held.by-filter"})
"""Of the mailbox's families, but the filter in front is where it lies."""
BESIDE = frozenset({Stage.DEVICE, Stage.NETWORK, Stage.HOSTS})
"""Stages that are not on the mail's way."""
SIGNS = {
    Status.FINE: "✓",
    Status.PROBLEM: "!",
    Status.COULD_NOT_CHECK: "?",
    Status.CHECKING: "…",
    Status.NOT_CHECKED: "–",
    Status.DOES_NOT_APPLY: "–",
}


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of the mail; `note` says in a few words why it is marked so."""

    name: str
    status: Status
    note: str = ""

    @property
    def word(self) -> words.Words:
        return words.STATUSES[self.status]

    @property
    def sign(self) -> str:
        return SIGNS[self.status]


def route(file: CaseFile) -> tuple[Stop, ...]:
    """The stops in the mail's order; what was not looked at says so, and nothing behind a problem is called fine."""
    on_the_way = [one for one in file.diagnosis.causes if one.stage not in BESIDE] if file.diagnosis else []
    found = {one.cause: _place(one.cause) for one in on_the_way}
    not_sent = _("send no code to this address") if NOT_SENT.intersection(found) else ""
    ours = Stop(_("Our servers"), _ours(file, found), not_sent)
    door = Stop(_door_name(file), _door(file, found), _in_front(file.gateway))
    mailbox = Stop(_("Your mailbox"), _mailbox(file, found))
    if not file.behind_mx:
        return ours, door, mailbox
    behind = Status.FINE if mailbox.status is Status.FINE else Status.NOT_CHECKED
    return ours, door, Stop(_mail_server(file), behind, _sureness(file, behind)), mailbox


def _mail_server(file: CaseFile) -> str:
    return file.mailbox_provider.name if file.mailbox_provider else _("Your mail server")


def _door_name(file: CaseFile) -> str:
    if file.gateway:
        return file.gateway.name
    if not file.behind_mx:
        return _mail_server(file)
    by_mx = provider(file.mail_system.mailbox_provider) if file.mail_system else None
    return by_mx.name if by_mx else _("Your mail server")


def _in_front(gateway: Provider | None) -> str:
    if gateway is None:
        return ""
    passes_on = gateway.kind is ProviderKind.FORWARDER
    return _("passes your e-mail on") if passes_on else _("filters your e-mail first")


def _sureness(file: CaseFile, behind: Status) -> str:
    """How we know who is there: not from MX, which names the gateway alone."""
    if file.mailbox_provider is None:
        return "" if behind is Status.FINE else _("hidden behind the filter")
    return _("by public records") if file.mailbox_certain else _("probably, by public records")


class Place(Enum):
    """The stop at which a cause is shown."""

    OURS = auto()
    DOOR = auto()
    MAILBOX = auto()


def _place(tag: str) -> Place:
    family = tag.partition(".")[0]
    if tag in NOT_SENT or family in OUR_FAMILIES:
        return Place.OURS
    return Place.MAILBOX if family in MAILBOX_FAMILIES and tag not in AT_THE_DOOR else Place.DOOR


def _ours(file: CaseFile, found: Mapping[str, Place]) -> Status:
    if Place.OURS in found.values():
        return Status.PROBLEM
    message = file.message
    if message is None:
        ours = our_side(file)
        return ours.status if ours else Status.NOT_CHECKED
    if not message.finished:
        return Status.CHECKING
    handed_over = message.state not in (MessageState.UNREACHABLE, MessageState.UNKNOWN)
    return Status.FINE if handed_over else Status.COULD_NOT_CHECK


def _door(file: CaseFile, found: Mapping[str, Place]) -> Status:
    """Where the domain's mail goes, and whether it lets us in."""
    if Place.DOOR in found.values():
        return Status.PROBLEM
    if file.message and file.message.state == MessageState.ACCEPTED:
        return Status.FINE
    seen = file.evidence.latest(MxConversations)
    if seen is None:
        return Status.COULD_NOT_CHECK if file.run.finished else Status.CHECKING
    if not isinstance(seen.observation, MxConversations):
        return Status.COULD_NOT_CHECK if seen.applies else Status.NOT_CHECKED
    greeted = any(
        one.outcome is ConnectOutcome.OPEN and one.reply(SmtpStage.EHLO) for one in seen.observation.conversations
    )
    return Status.FINE if greeted else Status.COULD_NOT_CHECK


def _mailbox(file: CaseFile, found: Mapping[str, Place]) -> Status:
    if Place.MAILBOX in found.values():
        return Status.PROBLEM
    answer = file.evidence.get(MailboxAnswer)
    if file.evidence.get(TestCodeTyped) or (answer and answer.where is Whereabouts.INBOX):
        return Status.FINE
    return Status.NOT_CHECKED
