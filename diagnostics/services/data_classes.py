"""What is kept, where, and how long: one entry a table. The purge, the export and the erasure go by nothing else.

A test fails while a table, or one of its columns that can hold words, has no entry here. `docs/privacy.md` says the
same in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models as orm

from diagnostics import models


class Rule(StrEnum):
    """What a column that can hold words holds."""

    CODE = "code"
    """A code, a name or a number of our own: it stays."""
    PERSONAL = "personal"
    """Whose it is, or words of anybody's: blanked with the case's details."""
    FACTS = "facts"
    """A diagnosis: causes stay, the facts behind them go with the case's details."""
    STAFF = "staff"
    """An agent's, a helpdesk's or a system's name: it stays."""
    HASH = "hash"
    """A digest that leads back to nobody, or a secret: it stays, and is not exported."""
    VENDOR = "vendor"
    """The vendor's own records: imported again, and kept as long as they are there."""


class Age(StrEnum):
    """The settings that say how long."""

    CASE = "CASE_DETAIL_DAYS"
    PROBES = "PROBE_DATA_DAYS"
    AUDIT = "AUDIT_DAYS"

    @property
    def period(self) -> timedelta:
        return timedelta(days=getattr(settings, self))


@dataclass(frozen=True)
class Kept:
    """One table. `case` is the way from its rows to their case, empty where they belong to none.

    `with_details`: its rows are deleted with the case's details. `until`: rows are deleted that long after the time in
    their column `by`, whatever they belong to.
    """

    model: type[orm.Model]
    columns: Mapping[str, Rule] = field(default_factory=dict)
    case: str = ""
    with_details: bool = False
    by: str = ""
    until: Age | timedelta | None = None

    @property
    def name(self) -> str:
        return self.model.__name__

    @property
    def period(self) -> timedelta | None:
        return self.until.period if isinstance(self.until, Age) else self.until

    def having(self, *rules: Rule) -> list[str]:
        return [name for name, rule in self.columns.items() if rule in rules]

    def blank(self) -> dict[str, object]:
        """Its personal columns, with nothing in them."""
        return {name: _nothing(self.model._meta.get_field(name)) for name in self.having(Rule.PERSONAL)}


def _codes(*names: str) -> dict[str, Rule]:
    return dict.fromkeys(names, Rule.CODE)


def _personal(*names: str) -> dict[str, Rule]:
    return dict.fromkeys(names, Rule.PERSONAL)


def _staff(*names: str) -> dict[str, Rule]:
    return dict.fromkeys(names, Rule.STAFF)


def _hashes(*names: str) -> dict[str, Rule]:
    return dict.fromkeys(names, Rule.HASH)


KEPT = (
    Kept(
        models.Case,
        _codes("reference", "article", "vendor", "domain", "origin", "helpdesk", "language", "state")
        | _codes("verdict", "cause", "gateway", "provider")
        | _personal("company_id", "address", "device_model", "asked_at", "ticket", "submission"),
        case="pk",
    ),
    Kept(models.CaseLink, _codes("kind") | _hashes("token_hash"), case="case", with_details=True),
    Kept(
        models.Run,
        _staff("asked_by") | _codes("verdict", "cause") | dict.fromkeys(("diagnosis", "full_diagnosis"), Rule.FACTS),
        case="case",
    ),
    Kept(models.Group, _codes("name", "state"), case="run__case"),
    Kept(
        models.ObservationRecord,
        _codes("kind", "vantage", "gap") | _personal("data", "detail"),
        case="case",
        with_details=True,
    ),
    Kept(models.NetworkTest, _codes("vantage") | _hashes("nonce"), case="case", with_details=True),
    Kept(
        models.DeepLink,
        _hashes("token_hash", "opened_by")
        | _staff("made_by")
        | _codes("article", "helpdesk")
        | _personal("company_id", "address", "ticket"),
        case="case",
        with_details=True,
        by="created_at",
        until=Age.CASE,
    ),
    Kept(
        models.TestMessage,
        _codes("purpose", "message_id", "state") | _personal("address", "code", "service_id"),
        case="case",
    ),
    Kept(
        models.SenderEvent,
        _codes("service", "kind", "reject_reason")
        | _hashes("event_id")
        | _personal("address", "message_id", "reply", "mta", "user_agent"),
        case="test_message__case",
        with_details=True,
        by="at",
        until=timedelta(days=30),
    ),
    Kept(
        models.SuppressionRelease,
        _codes("service", "reason", "outcome") | _staff("asked_by") | _personal("detail"),
        case="case",
    ),
    Kept(models.MailStop, _hashes("key")),
    Kept(models.Note, _staff("author") | _personal("text"), case="case"),
    Kept(models.Resolution, _staff("by", "reopened_by") | _codes("true_cause", "verdict", "causes"), case="case"),
    Kept(models.CaseView, _codes("viewer") | _staff("name"), case="case", with_details=True),
    Kept(models.CaseEvent, _codes("kind", "data"), case="case"),
    Kept(
        models.WebhookEndpoint,
        _staff("name", "url", "created_by") | _codes("kinds", "vendor", "stopped_because") | _hashes("secrets"),
    ),
    Kept(
        models.WebhookDelivery,
        _codes("webhook_id", "state") | _personal("body"),
        case="event__case",
        by="created_at",
        until=Age.CASE,
    ),
    Kept(models.WebhookTry, _codes("headers") | _personal("detail"), case="delivery__event__case"),
    Kept(
        models.TicketNote,
        _codes("helpdesk", "note_id", "state") | _personal("ticket", "text", "detail"),
        case="case",
    ),
    Kept(models.HelpdeskCall, _codes("helpdesk", "call_id"), by="at", until=timedelta(days=30)),
    Kept(models.ApiClient, _staff("name", "created_by") | _codes("vendor")),
    Kept(models.ApiKey, _staff("prefix", "created_by") | _codes("scopes") | _hashes("key_hash")),
    Kept(
        models.ApiRequest,
        _codes("headers") | _hashes("idempotency_key", "fingerprint", "body"),
        by="created_at",
        until=timedelta(days=7),
    ),
    Kept(models.DirectoryEntry, _codes("vendor") | dict.fromkeys(("company_id", "address"), Rule.VENDOR)),
    Kept(models.VendorHealthRecord, _codes("vendor", "data"), by="at", until=timedelta(days=30)),
    Kept(
        models.Outcome,
        _codes("domain", "mta", "sending_ip", "article") | _hashes("message", "place"),
        by="at",
        until=timedelta(days=1),
    ),
    Kept(models.OutcomeCount, _codes("dimension", "value"), by="minute", until=timedelta(days=60)),
    Kept(models.ValueWatch, _codes("dimension", "value", "state")),
    Kept(models.Incident, _codes("dimension", "value") | _staff("closed_by"), by="ended_at", until=timedelta(days=365)),
    Kept(models.Allowance, _codes("rule", "uses") | _hashes("key"), by="until", until=timedelta(days=2)),
    Kept(models.Refusal, _codes("rule")),
    Kept(models.UsedProof, _hashes("digest"), by="until", until=timedelta(days=2)),
    Kept(models.Heartbeat, _codes("name")),
    Kept(models.Erasure, _personal("address") | _staff("asked_by") | _codes("counts")),
    Kept(
        models.AuditEntry,
        _codes("actor_kind", "action", "reference", "detail")
        | _staff("actor")
        | _hashes("source", "previous", "digest"),
    ),
)
"""`AuditEntry` has a purge of its own, `audit_chain.forget_old`; links, stops and network tests end by themselves
(`tasks.tidy`).
"""


def words_of(model: type[orm.Model]) -> Iterator[str]:
    """The columns of a table that can hold words."""
    for one in model._meta.concrete_fields:
        if isinstance(one, orm.CharField | orm.TextField | orm.JSONField | ArrayField | orm.GenericIPAddressField):
            yield one.name


def _nothing(column: orm.Field[Any, Any] | orm.ForeignObjectRel) -> object:
    if not isinstance(column, orm.Field):
        raise TypeError(column)
    return None if column.null else column.get_default() if column.has_default() else ""
