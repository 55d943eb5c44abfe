"""What happened to cases, and which systems are told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from diagnostics.models.cases import Case

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class CaseEventKind(models.TextChoices):
    CASE_CREATED = "case.created"
    RUN_FINISHED = "run.finished"
    CASE_RESOLVED = "case.resolved"


class CaseEvent(models.Model):
    """Something happened to a case; committed together with it. The API lists what is published; webhooks and notes on
    tickets are made while it is: see `services.case_events`.
    """

    case = models.ForeignKey(Case, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=20, choices=CaseEventKind)
    data = models.JSONField(default=dict)
    """Codes only (run number, verdict, cause): no address."""
    at = models.DateTimeField(default=timezone.now)
    position = models.BigIntegerField(null=True, unique=True)
    """Its place in the list of all events, which never changes and never comes again; null until it is published. Not
    the id: a lower id may be committed after a higher one.
    """

    class Meta:
        indexes = (
            models.Index(fields=("id",), condition=Q(position=None), name="case_event_unpublished"),
            models.Index(fields=("at",), name="case_event_age"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class WebhookEndpoint(models.Model):
    """Where a system wants to be told. `secrets` are sealed, newest first; two while one takes the other's place."""

    name = models.CharField(max_length=80, unique=True)
    url = models.CharField(max_length=500)
    kinds = ArrayField(models.CharField(max_length=20, choices=CaseEventKind), default=list)
    vendor = models.SlugField(max_length=60, blank=True, db_index=False)
    """Only this vendor's cases; empty: all."""
    secrets = ArrayField(models.CharField(max_length=300), default=list)
    earlier_until = models.DateTimeField(null=True)
    """How long the secret before the newest signs, too."""
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.CharField(max_length=150)
    active = models.BooleanField(default=True)
    stopped_because = models.CharField(max_length=40, blank=True)
    """`by_hand`, `gone` (it answered 410) or `failing`; empty while it is active."""
    failing_since = models.DateTimeField(null=True)
    """The first failed try since anything was delivered; null where nothing failed since."""

    def __str__(self) -> str:
        return self.name


class DeliveryState(models.TextChoices):
    HELD = "held"
    """Behind an earlier event of its case, or its endpoint is switched off."""
    QUEUED = "queued"
    SENDING = "sending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"

    @classmethod
    def final(cls) -> tuple[DeliveryState, ...]:
        return (cls.DELIVERED, cls.GIVEN_UP)


class WebhookDelivery(models.Model):
    """One event for one endpoint: delivered at least once, in the order of the case's events."""

    endpoint = models.ForeignKey(WebhookEndpoint, models.CASCADE, related_name="deliveries", db_index=False)
    event = models.ForeignKey(CaseEvent, models.CASCADE, null=True, related_name="deliveries")
    """Null for the one that the button "send a test" makes."""
    line = models.ForeignKey(Case, models.CASCADE, null=True, related_name="+", db_index=False)
    """The case whose deliveries it queues up with, one after the other; null for what goes out of turn: a test, and
    what was asked for again.
    """
    webhook_id = models.CharField(max_length=40, unique=True)
    """The same at every try, so that a receiver knows what it has taken before."""
    body = models.TextField()
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    """How many of its tries are used up."""
    attempt = models.PositiveIntegerField(default=0)
    """The fencing number of late answers: it only grows, also where the tries begin anew."""
    created_at = models.DateTimeField(default=timezone.now)
    next_try_at = models.DateTimeField(default=timezone.now)
    dispatched_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    if TYPE_CHECKING:
        log: RelatedManager[WebhookTry]

    class Meta:
        constraints = (models.UniqueConstraint(fields=("endpoint", "event"), name="one_delivery_an_event"),)
        indexes = (
            models.Index(fields=("endpoint", "-id"), name="delivery_newest"),
            models.Index(
                fields=("endpoint", "next_try_at"), condition=Q(state="queued", dispatched_at=None), name="delivery_due"
            ),
            models.Index(
                fields=("endpoint", "line", "id"),
                condition=Q(state__in=("held", "queued", "sending")),
                name="delivery_line",
            ),
            models.Index(
                fields=("endpoint",),
                condition=Q(state="sending") | Q(state="queued", dispatched_at__isnull=False),
                name="delivery_under_way",
            ),
            models.Index(fields=("lease_until",), condition=Q(state="sending"), name="delivery_leased"),
            models.Index(fields=("line",), condition=Q(line__isnull=False), name="delivery_by_case"),
            models.Index(fields=("created_at",), name="delivery_age"),
        )

    def __str__(self) -> str:
        return self.webhook_id

    @property
    def finished(self) -> bool:
        return self.state in DeliveryState.final()


class WebhookTry(models.Model):
    """One attempt at a delivery, for its log. `status` is null where no answer came."""

    delivery = models.ForeignKey(WebhookDelivery, models.CASCADE, related_name="log")
    at = models.DateTimeField(default=timezone.now)
    headers = models.JSONField(default=dict)
    """What was sent above the body; empty where nothing is known to have left."""
    status = models.PositiveSmallIntegerField(null=True)
    elapsed_ms = models.PositiveIntegerField(default=0)
    detail = models.CharField(max_length=500, blank=True)
    """What the other side said, or why nothing came of it."""

    def __str__(self) -> str:
        return f"try {self.pk}"
