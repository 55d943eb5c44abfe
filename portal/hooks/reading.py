"""django-anymail's normalised events as ours. What does not fit is left out; nothing in an event can do harm."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from diagnostics.domain import SendEvent, SendEventKind
from diagnostics.services.events import Told

KINDS = frozenset(SendEventKind) - {SendEventKind.OTHER}
LONGEST = 2000


def told(event: Any, service: str) -> Told | None:
    """The event as its service tells it; None for one that says nothing about a message to somebody."""
    kind, recipient = _text(event.event_type), _text(event.recipient).strip()
    if kind not in KINDS or "@" not in recipient:
        return None
    return Told(
        recipient,
        SendEvent(
            kind=SendEventKind(kind),
            at=_moment(event.timestamp),
            service=service,
            message_id=_text(event.message_id),
            reply=_text(event.mta_response) or _text(event.description) or _reason(event.esp_event),
            reject_reason=_text(event.reject_reason),
            mta=_mta(event.esp_event),
            user_agent=_text(event.user_agent),
            sent_from=_sent_from(event.esp_event, service),
        ),
        _text(event.event_id) or _digest(event.esp_event),
    )


def _text(value: object) -> str:
    return value[:LONGEST] if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def _moment(value: object) -> datetime:
    """Never in the future, so that a clock that is wrong elsewhere does not make an event the newest for ever."""
    now = timezone.now()
    if not isinstance(value, datetime):
        return now
    at = value if value.tzinfo else value.replace(tzinfo=UTC)
    return min(at, now) if at.year > 1 else now


def _reason(esp_event: Any) -> str:
    """Why SendGrid dropped a message."""
    return _text(esp_event.get("reason")) if isinstance(esp_event, dict) else ""


def _mta(esp_event: Any) -> str:
    """The recipient's server, which Mailgun names."""
    for name in ("event-data", "delivery-status", "mx-host"):
        esp_event = esp_event.get(name) if isinstance(esp_event, dict) else None
    return _text(esp_event)


def _sent_from(esp_event: Any, service: str) -> str:
    """The address that the service sent from: Mailgun's envelope, SES' own tag, SendGrid's `ip`.

    SES names it where events are published by a configuration set. SendGrid's is the reader's in opens and clicks,
    which end nothing. The others do not tell.
    """
    for name in _SENT_FROM.get(service, ()):
        esp_event = esp_event.get(name) if isinstance(esp_event, dict) else None
    if isinstance(esp_event, list):
        esp_event = esp_event[0] if esp_event else None
    return _text(esp_event)


_SENT_FROM = {
    "amazon_ses": ("mail", "tags", "ses:outgoing-ip"),
    "mailgun": ("event-data", "envelope", "sending-ip"),
    "sendgrid": ("ip",),
}


def _digest(esp_event: object) -> str:
    said = json.dumps(esp_event, sort_keys=True, default=str)
    return hashlib.sha256(said.encode(errors="replace")).hexdigest()
