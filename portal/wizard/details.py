"""The evidence behind a section: in plain words first, then every value as it was recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import singledispatch

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from diagnostics import registry
from diagnostics.codec import encode
from diagnostics.domain import Seen, SmtpConversation, SmtpReply, SmtpStage
from diagnostics.probes.address_form import AddressForm
from diagnostics.probes.directory_match import DirectoryMatch
from diagnostics.probes.dns_trust import DnsTrust
from diagnostics.probes.domain_status import DomainStatus
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mailbox_behind import MailboxBehind, Sign, SignKind
from diagnostics.probes.mta_sts_policy import MtaStsPolicy
from diagnostics.probes.mx import MxRecords
from diagnostics.probes.mx_addresses import HostForm, MailHost, MxAddresses
from diagnostics.probes.mx_conversations import MxConversations
from diagnostics.probes.pasted_headers import PastedHeaders
from diagnostics.probes.recipient_policies import RecipientPolicies
from diagnostics.probes.test_message import ComparisonReport, MailboxAnswer, TestCodeTyped, TestMessageReport
from diagnostics.providers import provider
from portal.wizard import words
from portal.wizard.casefile import CaseFile
from portal.wizard.headers import duration


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of the summary list."""

    label: words.Words
    value: words.Words


@dataclass(frozen=True, slots=True)
class ExactReply:
    """What a mail server said, word for word (but for control characters)."""

    host: str
    stage: SmtpStage
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Detail:
    """One observation, or why there is none, as recorded."""

    title: words.Words
    vantage: words.Words
    at: datetime
    elapsed_ms: int
    gap: words.Words
    detail: str
    values: tuple[tuple[str, str], ...]


def facts_of(file: CaseFile, questions: Iterable[str]) -> list[Fact]:
    """What was observed for these questions, in plain words."""
    return [
        Fact(label, file.shown(str(value)))
        for seen in _seen(file, questions)
        if seen.observation is not None
        for label, value in _facts(seen.observation)
    ]


def replies_of(file: CaseFile, questions: Iterable[str]) -> list[ExactReply]:
    """The answers of mail servers that decided something: refusals, and what became of a test message."""
    return [
        ExactReply(host, reply.stage, reply.code, reply_words(file, reply))
        for seen in _seen(file, questions)
        for host, reply in _replies(seen.observation)
    ]


def reply_words(file: CaseFile, reply: SmtpReply) -> str:
    """The reply as the server sent it: code, then text."""
    return file.shown(str(reply))


def details_of(file: CaseFile, questions: Iterable[str]) -> list[Detail]:
    """Everything recorded for these questions."""
    return [_detail(file, seen) for seen in _seen(file, questions)]


def _seen(file: CaseFile, questions: Iterable[str]) -> Iterator[Seen]:
    """The newest entry of every kind of observation that the questions' checks look at."""
    wanted = set(questions)
    kinds = (kind for one in registry.checks() if one.question in wanted for kind in one.looks_at)
    for kind in dict.fromkeys(kinds):
        seen = file.evidence.latest(kind)
        if seen:
            yield seen


def _detail(file: CaseFile, seen: Seen) -> Detail:
    probe = registry.probe_for(seen.kind)
    title = registry.describe(probe) if probe else words.REPORTED.get(seen.kind.__name__, seen.kind.__name__)
    return Detail(
        title=title,
        vantage=words.VANTAGES[seen.vantage],
        at=seen.at,
        elapsed_ms=seen.elapsed_ms,
        gap=words.GAPS[seen.gap] if seen.gap else "",
        detail=file.shown(seen.detail),
        values=tuple((path, file.shown(value)) for path, value in _flat(encode(seen.observation)))
        if seen.observation is not None
        else (),
    )


def _flat(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Nested JSON as lines `replies[0].text`; what is empty is left out."""
    match value:
        case dict():
            for key, inner in value.items():
                yield from _flat(inner, f"{path}.{key}" if path else key)
        case list() | tuple():
            for index, inner in enumerate(value):
                yield from _flat(inner, f"{path}[{index}]")
        case None | "":
            return
        case _:
            yield path, str(value)


# --- plain words, one function a type; a type without one is shown among the recorded values alone ---

Pairs = Iterable[tuple[words.Words, words.Words]]


@singledispatch
def _facts(observation: object) -> Pairs:
    return ()


@_facts.register
def _facts_of_address_form(observation: AddressForm) -> Pairs:
    if observation.written:
        yield _("The domain as it is written"), observation.written
        yield _("The domain as mail servers know it"), observation.domain


@_facts.register
def _facts_of_domain_status(observation: DomainStatus) -> Pairs:
    yield _("Domain"), observation.domain
    yield _("Does it exist?"), _("Yes") if observation.exists else _("No")


@_facts.register
def _facts_of_mx_records(observation: MxRecords) -> Pairs:
    if observation.null:
        yield _("Mail (MX) record"), _("It says that this domain takes no e-mail.")
    elif observation.hosts:
        hosts = ", ".join(f"{host.name or '.'} ({host.preference})" for host in observation.hosts)
        yield _("Mail (MX) records"), hosts
    else:
        yield _("Mail (MX) records"), words.DNS_STATUSES[observation.status]


@_facts.register
def _facts_of_mx_addresses(observation: MxAddresses) -> Pairs:
    for host in observation.hosts:
        yield _("Address of %(host)s") % {"host": host.name or "."}, _address_words(host)


@_facts.register
def _facts_of_dns_trust(observation: DnsTrust) -> Pairs:
    for one in observation.failed:
        answered = (
            _("name servers fail, but answer without DNSSEC") if one.answered_unchecked else _("name servers fail")
        )
        yield _("Looking up %(name)s") % {"name": one.name}, answered


@_facts.register
def _facts_of_mta_sts_policy(observation: MtaStsPolicy) -> Pairs:
    if observation.policy:
        hosts = ", ".join(observation.policy.mx)
        yield (
            _("Encryption policy (MTA-STS)"),
            f"{observation.policy.mode}: {hosts}" if hosts else observation.policy.mode,
        )
    elif observation.announced:
        yield _("Encryption policy (MTA-STS)"), _("announced, but it could not be read")


@_facts.register
def _facts_of_recipient_policies(observation: RecipientPolicies) -> Pairs:
    if observation.dmarc:
        yield _("Policy against forged senders (DMARC)"), observation.dmarc


@_facts.register
def _facts_of_mail_system(observation: MailSystem) -> Pairs:
    gateway, mailbox = provider(observation.gateway), provider(observation.mailbox_provider)
    if gateway:
        yield _("Filter in front of your mailbox"), gateway.name
    if mailbox:
        yield _("E-mail provider"), mailbox.name
    elif gateway:
        yield _("E-mail provider"), _("hidden behind the filter")
    else:
        yield _("E-mail provider"), _("none that we know by its records")


@_facts.register
def _facts_of_mailbox_behind(observation: MailboxBehind) -> Pairs:
    mailbox = provider(observation.provider)
    signs = [sign for sign in observation.signs if sign.kind is not SignKind.MX]
    if not signs:
        return
    if mailbox:
        sure = _("%(provider)s, by several signs") if observation.certain else _("probably %(provider)s")
        yield _("Mailboxes behind it"), sure % {"provider": mailbox.name}
    yield _("Signs in public records"), "; ".join(dict.fromkeys(_sign_words(sign) for sign in signs))


@_facts.register
def _facts_of_mx_conversations(observation: MxConversations) -> Pairs:
    for one in observation.conversations:
        yield _("%(host)s on port 25") % {"host": one.host}, _conversation_words(one)


@_facts.register
def _facts_of_test_message_report(observation: TestMessageReport) -> Pairs:
    sent = observation.transmission
    yield _("Handed over to"), sent.host or sent.via
    if sent.tls_version:
        yield _("Encryption"), sent.tls_version


@_facts.register
def _facts_of_comparison_report(observation: ComparisonReport) -> Pairs:
    yield _("Second message handed over to"), observation.transmission.host or observation.transmission.via


@_facts.register
def _facts_of_directory_match(observation: DirectoryMatch) -> Pairs:
    yield _("Your address in our records"), words.MEMBERSHIPS[observation.membership]
    if observation.near:
        yield _("A similar address on file"), observation.near


@_facts.register
def _facts_of_test_code_typed(observation: TestCodeTyped) -> Pairs:
    minutes = max(1, round(observation.after_seconds / 60))
    yield (
        _("Test code typed"),
        ngettext("within %(n)d minute of sending", "within %(n)d minutes of sending", minutes) % {"n": minutes},
    )


@_facts.register
def _facts_of_mailbox_answer(observation: MailboxAnswer) -> Pairs:
    yield _("You found the test message"), words.WHEREABOUTS[observation.where]


def _sign_words(sign: Sign) -> str:
    known = provider(sign.provider)
    return words.SIGNS[sign.kind] % {"provider": known.name if known else sign.provider}


@_facts.register
def _facts_of_pasted_headers(observation: PastedHeaders) -> Pairs:
    read = observation.headers
    if read.from_domain:
        yield _("Pasted headers: sender"), read.from_domain
    if read.transit_seconds is not None:
        yield _("Pasted headers: time under way"), duration(read.transit_seconds)


def _address_words(host: MailHost) -> words.Words:
    match host.form:
        case HostForm.LITERAL:
            return _("an IP address, where a name must stand")
        case HostForm.LOCALHOST | HostForm.ROOT:
            return _("leads nowhere")
        case HostForm.NAME:
            if not host.addresses:
                return words.DNS_STATUSES[host.status]
            addresses = ", ".join(host.addresses)
            if not host.alias_of:
                return addresses
            return _("%(addresses)s, as an alias of %(name)s") % {"addresses": addresses, "name": host.alias_of}


def _conversation_words(one: SmtpConversation) -> words.Words:
    banner = one.reply(SmtpStage.BANNER)
    if banner is None:
        return words.OUTCOMES[one.outcome]
    if banner.code >= 400:
        return _("refuses to talk to us")
    if one.tls_version:
        return _("answers, encrypted (%(version)s)") % {"version": one.tls_version}
    return _("answers, without encryption") if not one.starttls_offered else _("answers, but its encryption failed")


def _replies(observation: object) -> Iterator[tuple[str, SmtpReply]]:
    match observation:
        case MxConversations(conversations=conversations):
            for one in conversations:
                yield from ((one.host, reply) for reply in one.replies if reply.code >= 400)
        case TestMessageReport(transmission=transmission) if transmission.decisive:
            yield transmission.host, transmission.decisive
