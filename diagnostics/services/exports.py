"""Everything kept of one case, as JSON (`docs/case-export.md`). Read row by row: a long history fits anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import QuerySet
from django.utils import timezone

from diagnostics.models import (
    AuditEntry,
    Case,
    CaseEvent,
    CaseLink,
    CaseView,
    DeepLink,
    Group,
    NetworkTest,
    Note,
    ObservationRecord,
    Resolution,
    Run,
    SenderEvent,
    SuppressionRelease,
    TestMessage,
    TicketNote,
    WebhookDelivery,
    WebhookTry,
)
from diagnostics.plain import escaped

FORMAT = "wheres-my-code.case"
VERSION = 1
"""Grows when something that was there means something else or is gone; what is new leaves it."""
CHUNK = 500
SECRETS = frozenset({"token_hash", "nonce", "code", "submission", "source", "previous", "digest"})
"""Fields that would open something or check somebody, and the audit chain's own."""


def export_of(case: Case) -> Iterator[str]:
    """The document in pieces: the case, then each table's rows in their order of writing."""
    head = {"format": FORMAT, "version": VERSION, "made_at": timezone.now(), "case": _row(case)}
    yield _json(head)[:-1]
    for name, rows in tables_of(case).items():
        yield f',\n"{name}": ['
        for number, row in enumerate(rows.order_by("pk").iterator(chunk_size=CHUNK)):
            yield f"{',' if number else ''}\n{_json(_row(row))}"
        yield "]"
    yield "}\n"


def tables_of(case: Case) -> dict[str, QuerySet[Any]]:
    """What belongs to the case, by the name that it has in the document."""
    return {
        "runs": Run.objects.filter(case=case),
        "groups": Group.objects.filter(run__case=case),
        "observations": ObservationRecord.objects.filter(case=case),
        "test_messages": TestMessage.objects.filter(case=case),
        "sender_events": SenderEvent.objects.filter(test_message__case=case),
        "suppression_releases": SuppressionRelease.objects.filter(case=case),
        "network_tests": NetworkTest.objects.filter(case=case),
        "links": CaseLink.objects.filter(case=case),
        "deep_links": DeepLink.objects.filter(case=case),
        "notes": Note.objects.filter(case=case),
        "resolutions": Resolution.objects.filter(case=case),
        "views": CaseView.objects.filter(case=case),
        "events": CaseEvent.objects.filter(case=case),
        "webhook_deliveries": WebhookDelivery.objects.filter(event__case=case),
        "webhook_tries": WebhookTry.objects.filter(delivery__event__case=case),
        "ticket_notes": TicketNote.objects.filter(case=case),
        "audit": AuditEntry.objects.filter(reference=case.reference),
    }


def _row(row: models.Model) -> dict[str, object]:
    columns = (field.attname for field in row._meta.concrete_fields)
    return {name: getattr(row, name) for name in columns if name not in SECRETS}


def _json(value: object) -> str:
    return escaped(json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False))
