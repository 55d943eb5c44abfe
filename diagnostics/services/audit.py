"""The audit chain: who did or read what. Each entry's digest covers its content and the digest before it, so that
nothing can be changed, taken out or put in between without `manage.py verify_audit` seeing it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum

from django.db import connection, transaction
from django.utils import timezone

from diagnostics.models import AuditEntry
from diagnostics.services.limits import key_of

LOCK = 0xA0D17
"""The advisory lock that makes one entry follow the other; held to the end of the transaction."""
BEGINNING = "0" * 64
"""What the first entry names as the digest before it."""


class Action(StrEnum):
    """What is written down. A new one needs words in `portal/console/words.py`."""

    CASE_READ = "case.read"
    CASE_EXPORTED = "case.exported"
    CASE_RESOLVED = "case.resolved"
    CASE_REOPENED = "case.reopened"
    RUN_STARTED = "run.started"
    MESSAGE_SENT = "message.sent"
    NOTE_WRITTEN = "note.written"
    TICKET_NOTE_RETRIED = "ticket-note.retried"
    CUSTOMERS_PAGE_USED = "case.customers-page-used"
    SUPPRESSION_RELEASED = "suppression.released"
    LINK_MADE = "link.made"
    LINK_REVOKED = "link.revoked"
    INCIDENT_CLOSED = "incident.closed"
    SIGNED_IN = "agent.signed-in"
    SIGN_IN_REFUSED = "agent.sign-in-refused"
    SIGNED_OUT = "agent.signed-out"
    AGENT_CHANGED = "agent.changed"
    API_CLIENT_CHANGED = "api-client.changed"
    WEBHOOK_CHANGED = "webhook.changed"
    AUDIT_EXPORTED = "audit.exported"
    AUDIT_VERIFIED = "audit.verified"
    DIRECTORY_IMPORTED = "directory.imported"
    PERSON_LOOKED_UP = "person.looked-up"
    PERSON_EXPORTED = "person.exported"
    ERASURE_ASKED = "person.erasure-asked"
    PERSON_ERASED = "person.erased"
    PURGED = "purged"


@dataclass(frozen=True, slots=True)
class Actor:
    """`kind`: agent, api, helpdesk, command or system. `source` is the network, kept as a keyed hash only."""

    kind: str
    name: str
    source: str = ""


def write(actor: Actor, action: Action, *, reference: str = "", **detail: str | int | bool | None) -> AuditEntry:
    """Add an entry, in the caller's transaction if there is one: what was not done leaves no trace, and the other way
    round. `detail` holds codes and counts, never an address.

    The rule for locks: rows first, this last. A writer holds the chain until its transaction ends, and all other
    writers wait for it; so nothing that may wait (a row lock, `limits.take`, another system) comes after this call in
    the same transaction. Then whoever holds the chain waits for nobody, and no two wait for each other.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        entry = AuditEntry(
            at=timezone.now(),
            actor_kind=actor.kind,
            actor=actor.name[:150],
            action=action,
            reference=reference,
            source=key_of(actor.source) if actor.source else "",
            detail=detail,
            previous=AuditEntry.objects.order_by("-pk").values_list("digest", flat=True).first() or BEGINNING,
        )
        entry.digest = digest_of(entry)
        entry.save(force_insert=True)
    return entry


def digest_of(entry: AuditEntry) -> str:
    """SHA-256 over everything that the entry says and the digest before it."""
    return digest(
        entry.previous,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.actor_kind,
        entry.actor,
        entry.action,
        entry.reference,
        entry.source,
        canonical(entry.detail),
    )


def digest(*said: str) -> str:
    """The same from the columns' texts, as `services.audit_chain` reads them: of the JSON array that they make."""
    return hashlib.sha256(f"[{', '.join(map(_quoted, said))}]".encode()).hexdigest()


canonical = json.JSONEncoder(sort_keys=True).encode
"""One text for the same detail, whatever the order of its names."""
_quoted = json.encoder.encode_basestring_ascii
