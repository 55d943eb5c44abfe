"""What sending services tell of messages they took over: our test messages, and the vendor's real code e-mails.

Of a test message anyone who sees the case may know where it ended. What happened to code e-mails, and what a service
refused because of earlier mail, is of the vendor's records: it is shown from tier 1 on.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Upper
from django.utils import timezone

from diagnostics.addresses import one_spelling
from diagnostics.codec import Unreadable, decode
from diagnostics.domain import (
    Gap,
    NotApplicable,
    SendEvent,
    SendEventKind,
    SendHistory,
    SendOutcome,
    SmtpReply,
    SmtpStage,
    Transmission,
)
from diagnostics.models import Case, MessageState, ObservationRecord, Purpose, Run, SenderEvent, TestMessage
from diagnostics.plain import plain
from diagnostics.probes.send_events import CodeMailEvents, TestMessageStopped
from diagnostics.probes.test_message import ComparisonReport, PutOff, TestMessageReport
from diagnostics.replies.stops import stopped_by
from diagnostics.services import outcomes, prepared
from diagnostics.services.runs import report, report_to
from diagnostics.vendors import vendor

KEPT = timedelta(days=30)
LOOKED_BACK = timedelta(days=7)
"""How far a case looks back for events, and how old a case may be that a new event is still told to."""
OTHERS_SINCE = timedelta(days=1)
RETURNED = "bounce"
"""Of messages that came back, which are told apart from what a service tells (`services.bounces`)."""
MOST_EVENTS = 50
MOST_OTHERS = 100
"""More are not counted: that we hear of others at all is what matters."""
NOT_ASKED_AGAIN = 5.0
"""Seconds after which a process that found no event of code e-mails at all looks again. Most portals never hear of any,
and the look is a twentieth of what a case costs a worker. Cases that are there when the very first one comes are told
of it by `take_in`; one that is opened within these seconds after it hears that this portal is connected to nothing.
"""
BEGUN = (SendEventKind.QUEUED, SendEventKind.SENT)
ENDED = (SendEventKind.DELIVERED, SendEventKind.BOUNCED)


@dataclass(frozen=True, slots=True)
class Told:
    """One event about a message to `address`; `event_id` is the service's own, empty where it gives none."""

    address: str
    event: SendEvent
    event_id: str = ""


def take_in(told: Iterable[Told]) -> None:
    """Keep the events, and judge again what they are about. The same event told again changes nothing.

    Judging comes after keeping, in transactions of its own, so a burst holds up nobody; what was interrupted is made
    up for when the service repeats itself.
    """
    told = [_storable(one) for one in told if one.address]
    ids = {one.event.message_id for one in told if one.event.message_id}
    messages = _messages(ids)
    rows = [_row(one, messages.get(one.event.message_id)) for one in told]
    with transaction.atomic():
        new = _new(rows)
        SenderEvent.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)
        outcomes.count(_ended(told, rows, messages, new))
    _Looked.found_none_until = 0.0
    for pk in sorted({message.pk for message in messages.values()}):
        _follow(pk)
    _tell_cases({one.address for one in told if one.event.message_id not in messages})


def adopt(message: TestMessage) -> None:
    """Make up for events of a test message that came before we knew that it had left, or its name there."""
    known_as = [name for name in (message.service_id, message.message_id) if name]
    SenderEvent.objects.filter(message_id__in=known_as, test_message=None).update(test_message=message)
    if message.events.exists():
        _follow(message.pk)


def nobody_tells() -> bool:
    """Whether there was no event of code e-mails at all, a few seconds ago."""
    return time.monotonic() < _Looked.found_none_until


def history_of(address: str, *, code_lifetime: int) -> SendHistory:
    """What was told about code e-mails to the address. Raises NotApplicable where no service tells us anything.

    What came back does not count among the others: it would not tell of what arrives, and anyone may write a bounce.
    """
    now = timezone.now()
    mailbox = one_spelling(address)
    newest_first = prepared.rows(_NEWEST_FIRST, (RETURNED, mailbox, now - LOOKED_BACK, MOST_EVENTS))
    found = [_EVENT.made_of_any(row) for _, _, *row in reversed(newest_first)]
    events = tuple(_event(one) for one in found if one)
    any_at_all, any_by_services = newest_first[0][:2]
    if not any_at_all:
        _Looked.found_none_until = time.monotonic() + NOT_ASKED_AGAIN
    if not events and not any_by_services:
        raise NotApplicable(Gap.NOT_SET_UP)
    code_mails = SenderEvent.objects.filter(test_message=None).exclude(service=RETURNED)
    others = code_mails.filter(at__gte=now - OTHERS_SINCE).exclude(address=mailbox)
    domain = address.rpartition("@")[2]
    return SendHistory(events, now, domain, _some(others, BEGUN), _some(others, ENDED), code_lifetime)


def forget_old() -> int:
    """Delete events older than 30 days; how many."""
    return SenderEvent.objects.filter(at__lt=timezone.now() - KEPT).delete()[0]


class _Looked:
    """What this process knows of all events of code e-mails."""

    found_none_until = 0.0
    """By the monotonic clock."""


def _messages(ids: Collection[str]) -> dict[str, TestMessage]:
    """Test messages by the names that events have for them: the service's own or the Message-ID."""
    if not ids:
        return {}
    found = TestMessage.objects.filter(Q(service_id__in=ids) | Q(message_id__in=ids)).select_related("case__api_client")
    return {name: one for one in found for name in (one.service_id, one.message_id) if name in ids}


def _new(rows: Iterable[SenderEvent]) -> set[str]:
    """IDs of those that were not told before."""
    ids = {row.event_id for row in rows}
    return ids - set(SenderEvent.objects.filter(event_id__in=ids).values_list("event_id", flat=True))


def _ended(
    told: Iterable[Told], rows: Iterable[SenderEvent], messages: Mapping[str, TestMessage], new: Collection[str]
) -> Iterator[outcomes.Ended]:
    for one, row in zip(told, rows, strict=True):
        message = messages.get(one.event.message_id)
        ended = outcomes.of_event(one.event, one.address, row.event_id, message) if row.event_id in new else None
        if ended:
            yield ended


def _storable(told: Told) -> Told:
    """By these two others are found as well, and PostgreSQL can look for nothing that it cannot keep."""
    event = replace(told.event, message_id=_cut(told.event.message_id, 200))
    return replace(told, address=_cut(told.address, 2000), event=event)


def _row(told: Told, message: TestMessage | None) -> SenderEvent:
    event = told.event
    return SenderEvent(
        service=event.service,
        event_id=_id(told),
        kind=event.kind,
        address=_cut(one_spelling(told.address), 254),
        test_message=message,
        message_id=event.message_id,
        reply=_cut(event.reply, 2000),
        reject_reason=_cut(event.reject_reason, 40),
        mta=_cut(event.mta, 253),
        user_agent=_cut(event.user_agent, 200),
        at=event.at,
    )


def _id(told: Told) -> str:
    """Unlike for each recipient of a message, although some services give all of them one ID."""
    event = told.event
    said = [told.event_id, told.address, event.kind]
    if not told.event_id:
        said += [event.message_id, event.at.isoformat(), event.reply, event.user_agent]
    return hashlib.sha256("\x00".join(said).encode(errors="replace")).hexdigest()


def _cut(text: str, limit: int) -> str:
    """Anyone may have a server say anything; PostgreSQL keeps no NUL, and no page or terminal should get the rest."""
    return plain(text.replace("\r\n", "\n"), limit)


def _follow(message_pk: int) -> None:
    """Say of a test message what the service says last; nothing where that was said before."""
    with transaction.atomic():
        message = TestMessage.objects.select_for_update(of=("self",)).filter(pk=message_pk).first()
        if message is None or message.sent_at is None or not message.finished:
            return
        events = [_event(row) for row in message.events.exclude(service=RETURNED).order_by("at", "pk")]
        if stops := [event for event in events if stopped_by(event)]:
            _report_once(message, TestMessageStopped(stops[-1]))
        elif told := _decisive(events):
            heard = _heard(message, message.sent_at, told)
            message.state, message.next_try_at = MessageState(heard.transmission.outcome), None
            message.save(update_fields=("state", "next_try_at"))
            _report_once(message, heard)


def _heard(message: TestMessage, sent_at: datetime, told: SendEvent) -> TestMessageReport:
    """The hand-over as it was, with the end that we now know of."""
    kind = TestMessageReport if message.purpose == Purpose.PRIMARY else ComparisonReport
    domain = message.address.rpartition("@")[2]
    after = _transmission(told, domain)
    before = _known(_last(message, kind), kind)
    if not isinstance(before, kind):
        return kind(domain, sent_at, after)
    return replace(before, transmission=after, next_try_at=None, earlier=(*before.earlier, *_put_off(before, after)))


def _put_off(before: TestMessageReport, after: Transmission) -> Iterator[PutOff]:
    """That they put it off at first is no longer the end, and stays known."""
    sent = before.transmission
    if sent.outcome is SendOutcome.DEFERRED and after.outcome is not SendOutcome.DEFERRED:
        yield PutOff(str(sent.decisive or ""), sent.host)


def _decisive(events: Iterable[SendEvent]) -> SendEvent | None:
    """The last word: where it ended, else that it was put off."""
    events = list(events)
    ends = [event for event in events if event.kind in ENDED]
    put_off = [event for event in events if event.kind is SendEventKind.DEFERRED]
    return next(iter(ends[-1:] or put_off[-1:]), None)


def _transmission(event: SendEvent, domain: str) -> Transmission:
    """The recipient's server in the service's words. Where it is not named, it is known by the domain it serves."""
    found = _CODE.match(event.reply)
    code, text = (int(found[1]), found[2]) if found else (0, event.reply)
    reply = SmtpReply(SmtpStage.CONTENT, code, text or str(event.kind))
    return Transmission(
        _OUTCOMES[event.kind],
        via=event.service,
        host=event.mta or domain,
        replies=(reply,),
        service_id=event.message_id,
    )


_CODE = re.compile(r"\s*(?:smtp\s*;\s*)?([245]\d\d)[ -]?(.*)", re.DOTALL | re.IGNORECASE)
_OUTCOMES = {
    SendEventKind.DELIVERED: SendOutcome.ACCEPTED,
    SendEventKind.BOUNCED: SendOutcome.REFUSED,
    SendEventKind.DEFERRED: SendOutcome.DEFERRED,
}


def _report_once(message: TestMessage, observation: object) -> None:
    if _known(_last(message, type(observation)), type(observation)) != observation:
        report(message, observation)


def _last(message: TestMessage, kind: type[object]) -> ObservationRecord | None:
    return message.records.filter(kind=kind.__name__).order_by("at", "pk").last()


def _tell_cases(addresses: Collection[str]) -> None:
    """To the newest run of each case that is about one of the addresses, where it does not know yet."""
    if not addresses:
        return
    recent = Case.objects.annotate(upper_address=Upper("address")).filter(
        upper_address__in={_cut(address, 254).upper() for address in addresses},
        created_at__gte=timezone.now() - LOOKED_BACK,
    )
    runs = Run.objects.filter(case__in=recent).select_related("case").order_by("case_id", "-number")
    for run in runs.distinct("case_id"):
        history = history_of(run.case.address, code_lifetime=vendor(run.case.vendor).code_lifetime)
        if history.events != _told(run):
            report_to(
                run,
                CodeMailEvents(
                    history.events,
                    history.asked_at,
                    history.domain,
                    history.others_begun,
                    history.others_ended,
                    history.code_lifetime,
                ),
            )


def _told(run: Run) -> tuple[SendEvent, ...] | None:
    """What the run knows already."""
    kinds = (SendHistory.__name__, CodeMailEvents.__name__)
    known = _known(run.records.filter(kind__in=kinds).order_by("at", "pk").last(), SendHistory)
    return known.events if isinstance(known, SendHistory) else None


def _known(record: ObservationRecord | None, kind: type[object]) -> object | None:
    if record is None or record.data is None:
        return None
    try:
        return decode(kind, record.data)
    except Unreadable:
        return None


def _event(row: SenderEvent) -> SendEvent:
    return SendEvent(
        SendEventKind(row.kind),
        row.at,
        row.service,
        row.message_id,
        row.reply,
        row.reject_reason,
        row.mta,
        row.user_agent,
    )


def _some(events: QuerySet[SenderEvent], kinds: Collection[SendEventKind]) -> int:
    return events.filter(kind__in=kinds)[:MOST_OTHERS].count()


_EVENT = prepared.Columns(SenderEvent)
_NEWEST_FIRST = f"""
    SELECT any_at_all, any_by_services, {_EVENT.of("event")}
    FROM (
        SELECT
            EXISTS (SELECT FROM diagnostics_senderevent WHERE test_message_id IS NULL),
            EXISTS (SELECT FROM diagnostics_senderevent WHERE test_message_id IS NULL AND service <> %s)
    ) told (any_at_all, any_by_services)
    LEFT JOIN LATERAL (
        SELECT * FROM diagnostics_senderevent
        WHERE test_message_id IS NULL AND address = %s AND at >= %s ORDER BY at DESC, id DESC LIMIT %s
    ) event ON true
    ORDER BY event.at DESC, event.id DESC
"""  # noqa: S608 - names of columns, ours
