"""Test messages: asked for once a run and purpose, taken at most once, followed by what the customer says.

The intent is committed as `sending` before the first byte leaves. Whatever is found there after a crash becomes
`unknown` and is never sent again. Only what their server clearly put off (4yz, so nothing was taken) is handed over
again: the same message from the same sender, after the pauses of the setting RETRY_AFTER (RFC 5321 section 4.5.4.1).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from diagnostics.addresses import mailbox_for_limits, one_spelling, registered_domain
from diagnostics.addresses.lists import listed
from diagnostics.domain import Address, SendEvent, SendEventKind, SendOutcome, Transmission, Vantage
from diagnostics.models import Case, MailStop, MessageState, Purpose, TestMessage
from diagnostics.probes.send_events import TestMessageStopped
from diagnostics.probes.test_message import (
    ComparisonAnswer,
    ComparisonCodeTyped,
    ComparisonReport,
    MailboxAnswer,
    PutOff,
    TestCodeTyped,
    TestMessageReport,
    Whereabouts,
)
from diagnostics.replies import Group, classify
from diagnostics.replies.stops import stopped_by
from diagnostics.services import events, limits, outcomes, return_path
from diagnostics.services.cases import DetailsDeleted
from diagnostics.services.runs import report, seen_of
from diagnostics.services.work import announce_work
from diagnostics.vendors import vendor

SEND_DEADLINE = 60.0
"""Seconds one hand-over may take; the lease outlives it."""
LEASE = timedelta(seconds=SEND_DEADLINE + 10)
LATEST_TRY = timedelta(hours=1)
"""A try that is this late, because the portal was away, is not made: nobody waits for the message any more."""
STOP_LIFETIME = timedelta(days=30)
MOST_WRONG_CODES = 10
STOP_SALT = "diagnostics.mail-stop"


class MailStopped(Exception):
    """Whoever reads that mailbox asked for no more test messages."""


class WrongCode(Exception):
    """The typed code is not the one we sent."""


class TooManyCodes(Exception):
    """So many wrong codes were typed that no further one is looked at."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A claimed test message, ready to leave."""

    message_pk: int
    sender: str
    recipient: Address
    content: bytes


def request_message(case: Case, *, purpose: Purpose, address: Address, source: str) -> TestMessage:
    """Commit the intent to send; the second request of a run and purpose gets the first one's message.

    Raises LimitReached, MailStopped, DetailsDeleted.
    """
    if is_stopped(str(address)):
        raise MailStopped
    with transaction.atomic():
        # Neither a new run nor the same request twice may come between looking and asking.
        if Case.objects.select_for_update(no_key=True).get(pk=case.pk).details_deleted_at:
            raise DetailsDeleted
        run = case.runs.order_by("-number")[0]
        if known := run.test_messages.filter(purpose=purpose).first():
            return known
        mailbox, domain = mailbox_for_limits(str(address)), registered_domain(address.domain)
        is_provider = not {domain, address.domain}.isdisjoint(listed("mailbox_domains"))
        by_domain = limits.MESSAGE_BY_PROVIDER if is_provider else limits.MESSAGE_BY_DOMAIN
        limits.take(
            (
                (limits.MESSAGE_BY_ADDRESS_SOON, mailbox),
                (limits.MESSAGE_BY_ADDRESS, mailbox),
                (by_domain, domain),
                *limits.network_uses(limits.MESSAGE_BY_SOURCE, limits.MESSAGE_BY_SITE, source),
                (limits.MESSAGE_BY_ANYONE, ""),
            )
        )
        sender_domain = sender_of(case).rpartition("@")[2]
        message = TestMessage.objects.create(
            case=case,
            run=run,
            purpose=purpose,
            address=str(address),
            code=f"{secrets.randbelow(10**6):06}",
            message_id=f"<{case.reference.lower()}.{purpose}.{secrets.token_hex(8)}@{sender_domain}>",
        )
        announce_work()
        return message


@transaction.atomic
def claim_message(message_pk: int) -> Envelope | None:
    """Commit that this message is being sent; None where it was claimed before, or another try is not wanted."""
    now = timezone.now()
    queued = TestMessage.objects.filter(pk=message_pk, state=MessageState.QUEUED)
    put_off = queued.filter(tries__gt=0).select_related("case").first()
    if put_off and not _wanted_again(put_off):
        queued.update(state=MessageState.DEFERRED, next_try_at=None)
        return None
    claimed = queued.update(
        state=MessageState.SENDING,
        lease_until=Now() + LEASE,
        sent_at=now,
        tries=F("tries") + 1,
        first_sent_at=Coalesce("first_sent_at", now),
        next_try_at=None,
    )
    if not claimed:
        return None
    message = TestMessage.objects.select_related("case").get(pk=message_pk)
    local_part, _at, domain = message.address.rpartition("@")
    sender = return_path.address_for(message) or sender_of(message.case)
    return Envelope(message_pk, sender, Address(local_part, domain), content_of(message))


def finish_message(message_pk: int, transmission: Transmission) -> None:
    """Keep what became of the hand-over, exact replies included, and judge the case again."""
    with transaction.atomic():
        message = (
            TestMessage.objects.select_for_update(of=("self",)).select_related("case").filter(pk=message_pk).first()
        )
        if message is None or message.state != MessageState.SENDING or message.sent_at is None:
            return
        stop = _stop_by_service(transmission)
        if stop:
            # Who is on the service's list got mail before: at tier 0 such a message looks like any other.
            transmission = Transmission(SendOutcome.RELAYED, transmission.via, service_id=transmission.service_id)
        message.state = _STATES[transmission.outcome]
        message.lease_until, message.finished_at = None, timezone.now()
        message.next_try_at = _next_try(message, transmission)
        message.service_id = transmission.service_id[:200]
        message.save(update_fields=("state", "lease_until", "finished_at", "next_try_at", "service_id"))
        kind = TestMessageReport if message.purpose == Purpose.PRIMARY else ComparisonReport
        report(
            message,
            kind(
                domain=message.address.rpartition("@")[2],
                sent_at=message.sent_at,
                transmission=transmission,
                attempt=message.tries,
                first_sent_at=message.first_sent_at,
                next_try_at=message.next_try_at,
                earlier=_earlier(message, kind),
                code_lifetime=vendor(message.case.vendor).code_lifetime,
            ),
        )
        if stop and message.purpose == Purpose.PRIMARY:
            report(message, TestMessageStopped(stop))
        ended = outcomes.of_hand_over(message, transmission)
        outcomes.count((ended,) if ended else ())
    events.adopt(message)


def _stop_by_service(transmission: Transmission) -> SendEvent | None:
    """What our own sending service or relay said, where it refused because of its list; None for all else."""
    if transmission.host or transmission.outcome is not SendOutcome.REFUSED:
        return None
    reply = str(transmission.decisive or "")
    kind = SendEventKind.BOUNCED if reply else SendEventKind.REJECTED
    said = SendEvent(kind, timezone.now(), transmission.via, reply=reply)
    return said if stopped_by(said) else None


def requeue_due() -> int:
    """Queue what was put off and whose time has come; how many. One statement, so nobody queues anything twice."""
    due = TestMessage.objects.filter(state=MessageState.DEFERRED, next_try_at__lte=timezone.now())
    return due.update(state=MessageState.QUEUED, dispatched_at=None)


def give_up_lost() -> int:
    """Messages whose sender was lost on the way: they may have been sent, so they are marked unknown and never sent
    again. How many.
    """
    lost = TestMessage.objects.filter(state=MessageState.SENDING, lease_until__lt=Now())
    count = 0
    unknown = Transmission(SendOutcome.UNKNOWN, via=settings.TEST_MESSAGE_SENDER, detail="worker lost")
    for pk in lost.values_list("pk", flat=True):
        with transaction.atomic():
            # What somebody is writing at this moment is left for the next time.
            if lost.filter(pk=pk).select_for_update(skip_locked=True).exists():
                finish_message(pk, unknown)
                count += 1
    return count


def type_code(message: TestMessage, code: str) -> None:
    """The customer types the test code back; the first right one proves arrival. Raises WrongCode, TooManyCodes."""
    with transaction.atomic():
        message = TestMessage.objects.select_for_update(of=("self",)).select_related("case").get(pk=message.pk)
        if message.typed_at:
            return
        if message.wrong_codes >= MOST_WRONG_CODES:
            raise TooManyCodes
        right = message.code != "" and secrets.compare_digest("".join(code.split()).encode(), message.code.encode())
        if right and message.sent_at:
            message.typed_at = timezone.now()
            message.next_try_at = None  # it has arrived, whatever their server said
            message.save(update_fields=("typed_at", "next_try_at"))
            seconds = round((message.typed_at - message.sent_at).total_seconds())
            kind = TestCodeTyped if message.purpose == Purpose.PRIMARY else ComparisonCodeTyped
            report(message, kind(seconds, vendor(message.case.vendor).code_lifetime))
            return
        message.wrong_codes += 1
        message.save(update_fields=("wrong_codes",))
    raise WrongCode


def answer_whereabouts(message: TestMessage, where: Whereabouts) -> None:
    """The customer says where the test message was found."""
    kind = MailboxAnswer if message.purpose == Purpose.PRIMARY else ComparisonAnswer
    report(message, kind(where))


def stop_token(address: str) -> str:
    """What the stop link of a test message carries; it names the mailbox by its keyed hash only."""
    return signing.Signer(salt=STOP_SALT).sign_object(limits.key_of(mailbox_for_limits(address)))


def stop_mail(token: str) -> bool:
    """Send nothing to that mailbox for 30 days; False where the token is not ours."""
    try:
        key = signing.Signer(salt=STOP_SALT).unsign_object(token)
    except signing.BadSignature:
        return False
    MailStop.objects.update_or_create(key=key, defaults={"until": timezone.now() + STOP_LIFETIME})
    return True


def stop_keys(address: str) -> list[str]:
    """What a stop for that mailbox may be kept as: under this secret key, or an earlier one that still counts."""
    mailboxes = {mailbox_for_limits(address), one_spelling(address)}  # earlier releases used the second
    return [
        limits.key_of(one, key) for one in mailboxes for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]


def is_stopped(address: str) -> bool:
    """Whether somebody asked for no more mail to that mailbox."""
    return MailStop.objects.filter(key__in=stop_keys(address), until__gt=timezone.now()).exists()


def forget_ended_stops() -> int:
    """Delete stops whose time is over; how many."""
    return MailStop.objects.filter(until__lt=timezone.now()).delete()[0]


def sender_of(case: Case) -> str:
    """The address that test messages of the case come from: the setting, else the vendor's own sender."""
    return settings.TEST_MESSAGE_FROM or next(iter(vendor(case.vendor).senders), "") or settings.DEFAULT_FROM_EMAIL


def content_of(message: TestMessage) -> bytes:
    """The whole message (RFC 5322).

    Nothing in it was typed by anyone, so it carries nobody's words to a third party.
    """
    case = message.case
    with translation.override(case.language):
        context = {
            "code": message.code,
            "vendor": vendor(case.vendor),
            "reference": case.reference,
            "stop_url": f"{settings.PORTAL_URL}/stop/{stop_token(message.address)}/",
        }
        mail = EmailMessage()
        mail["Subject"] = _("Test message: your test code is %(code)s") % {"code": message.code}
        mail["From"] = sender_of(case)
        local_part, _at, domain = message.address.rpartition("@")
        # From its parts, so that no sign in the local part is read as the syntax of a list of addresses.
        mail["To"] = Mailbox(username=local_part, domain=domain)
        # Of the first try: the message is the same at each, so that nobody can take it for a new one.
        mail["Date"] = format_datetime(message.first_sent_at or timezone.now())
        mail["Message-ID"] = message.message_id
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(render_to_string("mail/test_message.txt", context))
    return mail.as_bytes(policy=SMTP if message.address.isascii() else SMTPUTF8)


def _next_try(message: TestMessage, transmission: Transmission) -> datetime | None:
    """When to hand it over again: only where nothing was taken, and by the server's words it may pass by itself."""
    if transmission.outcome is not SendOutcome.DEFERRED or transmission.decisive is None:
        return None
    if classify(str(transmission.decisive)).group not in (Group.WAIT, Group.NONE):
        return None
    pauses = settings.RETRY_AFTER[message.tries - 1 : message.tries]
    return timezone.now() + timedelta(seconds=pauses[0]) if pauses else None


def _wanted_again(message: TestMessage) -> bool:
    """Whether somebody may still wait for another try, and nobody has asked for no more."""
    late = message.next_try_at is None or timezone.now() - message.next_try_at > LATEST_TRY
    answered = message.typed_at is not None or message.records.filter(vantage=Vantage.CUSTOMER).exists()
    return not (late or answered or is_stopped(message.address))


def _earlier(message: TestMessage, kind: type[TestMessageReport]) -> tuple[PutOff, ...]:
    """The tries before this one, as they were reported."""
    last = message.records.filter(kind=kind.__name__).order_by("at", "pk").last()
    before = seen_of(last).observation if last else None
    if not isinstance(before, TestMessageReport):
        return ()
    return (*before.earlier, PutOff(str(before.transmission.decisive or ""), before.transmission.host))


_STATES = {
    SendOutcome.ACCEPTED: MessageState.ACCEPTED,
    SendOutcome.RELAYED: MessageState.RELAYED,
    SendOutcome.DEFERRED: MessageState.DEFERRED,
    SendOutcome.REFUSED: MessageState.REFUSED,
    SendOutcome.UNREACHABLE: MessageState.UNREACHABLE,
    SendOutcome.UNKNOWN: MessageState.UNKNOWN,
}
