"""Did the code e-mail leave, and what became of it? The vendor's own records say so; shown from tier 1 on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from diagnostics.domain import (
    Finding,
    Gap,
    Membership,
    SendEvent,
    SendEventKind,
    SendHistory,
    SuppressionAnswer,
    SuppressionReason,
    Unobserved,
    hints,
    proves,
    rules_out,
)
from diagnostics.probes.directory_match import DirectoryMatch
from diagnostics.probes.send_events import CodeMailEvents, TestMessageStopped
from diagnostics.probes.test_message import NOT_SEEN
from diagnostics.registry import check
from diagnostics.replies.causes import DEFERRAL, MAILBOX, REFUSAL, SPACE, cause_of
from diagnostics.replies.stops import STOPS, stopped_by
from diagnostics.way_out import CONTROLS, WayOut, way_out

FRESH = timedelta(days=1)
"""What happened longer ago may have been mended since, or was another code."""
JUST_NOW = timedelta(hours=1)
QUEUE_WAITS = timedelta(minutes=5)
SCANNERS_WAIT = timedelta(seconds=10)
"""Nobody reads a code e-mail and follows a link in it within so short a time."""
SCANNER = re.compile(
    r"bot\b|crawl|spider|scan|preview|curl|wget|python|okhttp|java/|go-http|headless|proofpoint|mimecast"
)
DISPROVED = ("mx.unreachable", "mailbox.unknown", "mailbox.disabled", "domain.not-served")
"""What cannot be where their server took a code e-mail just now."""
BOUNCES = "bounce"
"""The service of events that came as returned mail."""
SUPPRESSED = {
    SuppressionReason.BOUNCE: "suppressed.bounce",
    SuppressionReason.COMPLAINT: "suppressed.complaint",
}
SERVICES = {
    "amazon_ses": "Amazon SES",
    "brevo": "Brevo",
    "mailgun": "Mailgun",
    "postfix": "Postfix",
    "postmark": "Postmark",
    "sendgrid": "SendGrid",
}


@check(
    SendHistory,
    may_read=(CodeMailEvents, DirectoryMatch),
    answers="sending",
    emits={
        *(MAILBOX | SPACE | DEFERRAL | REFUSAL | STOPS),
        *DISPROVED,
        "device.never-asked",
        "our.queue-late",
        "arrived.late",
        *NOT_SEEN,
        "link.scanned",
    },
    controls=CONTROLS,
)
def code_mail_was_sent(
    history: SendHistory, later: CodeMailEvents | None, match: DirectoryMatch | None, *controls: object | None
) -> Iterator[Finding]:
    """The newest code e-mail tells: whatever stopped an older one may be gone."""
    history = later or history
    newest = _newest_message(history.events)
    if not newest:
        yield _never_asked(_believed(history, controls), match)
        return
    yield from _scanned(newest)
    fresh = history.asked_at - newest[-1].at <= FRESH
    ended = _end(newest)
    if tag := stopped_by(ended):
        yield (proves if fresh else hints)(tag, **_facts(ended))
    elif ended.kind is SendEventKind.DELIVERED:
        yield from _delivered(ended, newest, history, controls)
    elif ended.kind in (SendEventKind.BOUNCED, SendEventKind.DEFERRED):
        yield _refused(ended, history.domain, fresh=fresh)
    elif history.asked_at - newest[0].at > QUEUE_WAITS and _believed(history, controls).others_ended:
        yield hints("our.queue-late", minutes=_minutes(history.asked_at - newest[0].at))


@check(SuppressionAnswer, answers="suppression", emits={*SUPPRESSED.values(), "suppressed.other"})
def suppressed(answer: SuppressionAnswer) -> Iterator[Finding]:
    """An address on such a list gets nothing, whoever asks for a code; a list that was not read says nothing."""
    for entry in answer.entries:
        since = f"{entry.since:%Y-%m-%d}" if entry.since else ""
        tag = SUPPRESSED.get(entry.reason, "suppressed.other")
        yield proves(tag, service=_name(entry.service), since=since, reply=entry.text)
    if answer.entries:
        return
    if answer.silent:
        raise Unobserved(Gap.RECORDS_SILENT)
    yield from (rules_out(tag) for tag in (*SUPPRESSED.values(), "suppressed.other"))


@check(TestMessageStopped, answers="test-sending", emits=STOPS)
def message_was_sent(stopped: TestMessageStopped) -> Iterator[Finding]:
    """What stops our test message stops the code as well."""
    if tag := stopped_by(stopped.event):
        yield proves(tag, **_facts(stopped.event))


def _newest_message(events: tuple[SendEvent, ...]) -> list[SendEvent]:
    """The events of the message that was heard of last for the first time, oldest first."""
    messages: dict[str, list[SendEvent]] = {}
    for event in sorted(events, key=lambda one: one.at):
        messages.setdefault(event.message_id, []).append(event)
    return max(messages.values(), key=lambda one: one[0].at, default=[])


def _end(message: list[SendEvent]) -> SendEvent:
    """Where it ended: stopped, taken or sent back; else the newest news of it."""
    ends = [one for one in message if one.kind in _ENDS or stopped_by(one)]
    moved = [one for one in message if one.kind is SendEventKind.DEFERRED]
    return (ends or moved or message)[-1]


_ENDS = (SendEventKind.DELIVERED, SendEventKind.BOUNCED)


def _believed(history: SendHistory, controls: Sequence[object | None]) -> SendHistory:
    """Without others where we are cut off: we may have heard of them before, and what is newer may be on its way."""
    if (history.others_begun or history.others_ended) and way_out(*controls) is WayOut.CUT_OFF:
        return replace(history, others_begun=0, others_ended=0)
    return history


def _never_asked(history: SendHistory, match: DirectoryMatch | None) -> Finding:
    """We would have heard of a code to this address: of those to others we did.

    A service that reports what it has delivered only may still be at it. And where the address is not on file, codes go
    to another one.
    """
    if not history.others_begun and not history.others_ended:
        raise Unobserved(Gap.RECORDS_SILENT)
    elsewhere = match is not None and match.membership is not Membership.ADMINISTRATOR
    sure = history.others_begun and not elsewhere
    return (proves if sure else hints)("device.never-asked")


def _delivered(
    delivered: SendEvent, message: list[SendEvent], history: SendHistory, controls: Sequence[object | None]
) -> Iterator[Finding]:
    age = history.asked_at - delivered.at
    took = delivered.at - message[0].at
    if age > FRESH:
        believed = _believed(history, controls)
        if believed.others_begun or believed.others_ended:
            yield hints("device.never-asked")
        return
    if took.total_seconds() > history.code_lifetime:
        yield from _too_late(message, took, history.domain)
    if age <= JUST_NOW:
        yield from (rules_out(tag) for tag in DISPROVED)
    read = [one for one in message if one.kind in (SendEventKind.OPENED, SendEventKind.CLICKED)]
    if any(not _by_scanner(one, delivered) for one in read):
        yield from map(rules_out, NOT_SEEN)


def _too_late(message: list[SendEvent], took: timedelta, domain: str) -> Iterator[Finding]:
    """Delivered after the code had expired; where their server put it off, that is why."""
    put_off = next((one for one in message if one.kind is SendEventKind.DEFERRED), None)
    if put_off is None:
        yield proves("arrived.late", minutes=_minutes(took))
    else:
        yield _refused(put_off, domain, fresh=True)


def _refused(event: SendEvent, domain: str, *, fresh: bool) -> Finding:
    """Their server's words about a real code e-mail, judged as those about a test message.

    A bounce that names no message of ours may come from anybody: a hint at most.
    """
    named = cause_of(event.reply, domain=domain, host=event.mta)
    finding = proves if named.understood and fresh and event.service != BOUNCES else hints
    return finding(named.tag, reply=event.reply, host=event.mta, domain=domain, **named.facts)


def _scanned(message: list[SendEvent]) -> Iterator[Finding]:
    delivered = next((one for one in message if one.kind is SendEventKind.DELIVERED), None)
    clicks = [one for one in message if one.kind is SendEventKind.CLICKED]
    if clicks and _by_scanner(clicks[0], delivered):
        yield hints("link.scanned")


def _by_scanner(event: SendEvent, delivered: SendEvent | None) -> bool:
    at_once = delivered is not None and event.at - delivered.at <= SCANNERS_WAIT
    return at_once or SCANNER.search(event.user_agent.lower()) is not None


def _facts(event: SendEvent) -> dict[str, str]:
    return {"service": _name(event.service), "reply": event.reply}


def _name(service: str) -> str:
    return SERVICES.get(service, service)


def _minutes(waited: timedelta) -> str:
    return str(max(1, waited // timedelta(minutes=1)))
