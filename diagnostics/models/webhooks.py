"""What happened to cases, and which systems are told of it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Func, Q
from django.utils import timezone

from diagnostics.models.cases import Case


class CaseEventKind(models.TextChoices):
    CASE_CREATED = "case.created"
    RUN_FINISHED = "run.finished"
    CASE_RESOLVED = "case.resolved"


class CurrentTransaction(Func):
    """The number of the transaction that writes the row, which never comes again."""

    template = "(pg_current_xact_id()::text::bigint)"
    output_field = models.BigIntegerField()


class CaseEvent(models.Model):
    """Something happened to a case; committed together with it. Read by the API, webhooks and tickets' notes."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=20, choices=CaseEventKind)
    data = models.JSONField(default=dict)
    """Codes only (run number, verdict, cause): no address."""
    at = models.DateTimeField(default=timezone.now)
    transaction = models.BigIntegerField(db_default=CurrentTransaction())
    """Who reads on from an event needs it: a lower id may be committed later than a higher one."""

    class Meta:
        indexes = (models.Index(fields=("transaction", "id"), name="case_event_order"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class WebhookEndpoint(models.Model):
    """Where a system wants to be told. `secrets` are encrypted, newest first; two while one takes the other's place."""

    name = models.CharField(max_length=80, unique=True)
    url = models.CharField(max_length=500)
    kinds = ArrayField(models.CharField(max_length=20, choices=CaseEventKind), default=list)
    vendor = models.SlugField(max_length=60, blank=True, db_index=False)
    """Only this vendor's cases; empty: all."""
    secrets = ArrayField(models.CharField(max_length=300), default=list)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.CharField(max_length=150)
    active = models.BooleanField(default=True)
    stopped_because = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return self.name


class DeliveryState(models.TextChoices):
    QUEUED = "queued"
    SENDING = "sending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class WebhookDelivery(models.Model):
    """One event for one endpoint: delivered at least once, in the order of the case's events."""

    endpoint = models.ForeignKey(WebhookEndpoint, models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(CaseEvent, models.CASCADE, null=True, related_name="deliveries")
    """Null for the one that the button "send a test" makes."""
    webhook_id = models.CharField(max_length=40, unique=True)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    next_try_at = models.DateTimeField(default=timezone.now)
    dispatched_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("endpoint", "event"), name="one_delivery_an_event"),)
        indexes = (
            models.Index(fields=("next_try_at",), condition=Q(state="queued"), name="delivery_due"),
            models.Index(fields=("lease_until",), condition=Q(state="sending"), name="delivery_leased"),
        )

    def __str__(self) -> str:
        return self.webhook_id


class WebhookTry(models.Model):
    """One attempt at a delivery, for its log. `status` is null where no answer came."""

    delivery = models.ForeignKey(WebhookDelivery, models.CASCADE, related_name="log")
    at = models.DateTimeField(default=timezone.now)
    status = models.PositiveSmallIntegerField(null=True)
    elapsed_ms = models.PositiveIntegerField(default=0)
    detail = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"try {self.pk}"
