"""Messages that came back: each is matched with what we sent, counted once, and told to the case it is about."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from diagnostics.addresses import mask, one_spelling
from diagnostics.domain import SendEvent, SendEventKind
from diagnostics.models import MessageState, ObservationRecord, Purpose, SenderEvent, TestMessage
from diagnostics.plain import plain
from diagnostics.probes.send_events import TestMessageStopped
from diagnostics.probes.test_message import BounceReport, ComparisonBounce
from diagnostics.replies.bounces import BouncedRecipient, read_bounce
from diagnostics.replies.stops import stopped_by
from diagnostics.services import events, outcomes, return_path
from diagnostics.services.runs import report

SERVICE = "bounce"
LARGEST = 10 * 1024 * 1024
"""Bytes of one message."""
SAME_HOUSE = ("onmicrosoft.com", "test-google-a.com")
"""Names that providers give the mailboxes of a domain inside of their own system: no other place."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a message: about how many recipients it told, and of how many of our test messages."""

    recipients: int = 0
    messages: int = 0


def take_in(raw: bytes, *, envelope_to: str = "") -> Taken:
    """Keep what a returned message says; the same message taken in twice counts once.

    `envelope_to` is the address it was delivered to, where the way in knows it. It belongs to the test message whose
    return path it came to or whose Message-ID it quotes, else to the recipient's address: then it is about a code, and
    told from tier 1 on. Reads the first 10 MB. What is no bounce is nothing.
    """
    raw = raw[:LARGEST]
    digest = hashlib.sha256(raw).hexdigest()
    found = [one for one in read_bounce(raw) if one.action in _KINDS]
    behind = [_message_behind(one, envelope_to) for one in found]
    for number, (one, message) in enumerate(zip(found, behind, strict=True)):
        event = _event(one)
        if message:
            _keep(message, one, event, f"{digest}.{number}")
        else:
            events.take_in([events.Told(one.original_recipient or one.address, event, digest)])
    return Taken(len(found), sum(message is not None for message in behind))


def _event(one: BouncedRecipient) -> SendEvent:
    return SendEvent(
        kind=_KINDS[one.action],
        at=timezone.now(),
        service=SERVICE,
        message_id=one.original_message_id,
        reply=one.reply,
        mta=one.remote_mta or one.reporting_mta,
    )


def _keep(message: TestMessage, one: BouncedRecipient, event: SendEvent, event_id: str) -> None:
    with transaction.atomic():
        _, new = SenderEvent.objects.get_or_create(
            service=SERVICE,
            event_id=event_id,
            defaults={
                "kind": event.kind,
                "address": one_spelling(message.address),
                "test_message": message,
                "message_id": storable(event.message_id, 200),
                "reply": _without_others(event.reply, message.address),
                "mta": storable(event.mta, 253),
                "at": event.at,
            },
        )
        if not new:
            return
        if stopped_by(event):
            # Our own service's list: that there was earlier mail is not for everybody's eyes.
            if message.purpose == Purpose.PRIMARY:
                report(message, TestMessageStopped(event))
        else:
            _tell(message.pk, one)
        ended = outcomes.of_event(event, message.address, event_id, message)
        outcomes.count((ended,) if ended else ())


def _message_behind(one: BouncedRecipient, envelope_to: str) -> TestMessage | None:
    """The return path cannot be made up; a Message-ID is known to whoever got the message."""
    by_return_path = return_path.message_behind((envelope_to, *one.delivered_to))
    if by_return_path or not one.original_message_id:
        return by_return_path
    return TestMessage.objects.filter(message_id=storable(one.original_message_id, 500)).first()


def _tell(message_pk: int, one: BouncedRecipient) -> None:
    """Report the bounce to the case of the message; a delay that is read after the end changes nothing."""
    message = TestMessage.objects.select_for_update(of=("self",)).select_related("case").get(pk=message_pk)
    kind = BounceReport if message.purpose == Purpose.PRIMARY else ComparisonBounce
    ended = ObservationRecord.objects.filter(message=message, kind=kind.__name__, data__final=True).exists()
    if ended or message.sent_at is None:
        return
    if one.failed and message.next_try_at:
        message.next_try_at = None
        message.save(update_fields=("next_try_at",))
    domain = message.address.rpartition("@")[2]
    since = timezone.now() - message.sent_at
    bounce = kind(
        domain=domain,
        host=_host(one, message),
        reply=_without_others(one.reply, message.address),
        status=storable(one.status, 20),
        final=one.failed,
        after_seconds=max(0, round(since.total_seconds())),
        refused_domain=_elsewhere(one, domain),
    )
    report(message, bounce)


def _host(one: BouncedRecipient, message: TestMessage) -> str:
    """Who refused it. Where our relay only says that it could not deliver, that is not their server's word."""
    direct = message.state == MessageState.ACCEPTED
    return storable(one.remote_mta or (one.reporting_mta if direct else ""), 253)


def _elsewhere(one: BouncedRecipient, domain: str) -> str:
    """The domain of the mailbox behind a forward; empty where it is the one we wrote to."""
    refused = one.address.rpartition("@")[2].lower().rstrip(".")
    related = (
        not refused
        or refused == domain
        or refused.endswith((f".{domain}", *SAME_HOUSE))
        or domain.endswith(f".{refused}")
    )
    return "" if related else refused


def _without_others(text: str, ours: str) -> str:
    """The words without other people's mailboxes: whoever opens a case about a mailbox need not own it."""
    return _ADDRESS.sub(
        lambda found: found[0] if found[0].lower() == ours.lower() else mask(found[0]), storable(text, 2000)
    )


def storable(text: str, limit: int) -> str:
    """Anyone may write a bounce: nothing of it is kept that PostgreSQL cannot keep, or that takes over a terminal."""
    return plain(text.replace("\r\n", "\n"), limit)


_KINDS = {
    "failed": SendEventKind.BOUNCED,
    "unknown": SendEventKind.BOUNCED,
    "delayed": SendEventKind.DEFERRED,
}
"""What is not listed tells of success."""
_ADDRESS = re.compile(r"""[^\s<>()\[\]"',;:=@]+@[\w.-]+""")
