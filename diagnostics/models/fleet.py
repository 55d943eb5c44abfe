"""What is kept of all cases together: how many hand-overs failed where, and what stood out."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Outcome(models.Model):
    """One code or test message got through or failed; written by whoever hears of it, counted within a minute.

    Rows are only added, so that writers of the same minute do not wait for one another. `message` and `place` are keyed
    hashes: a message counts once with each end, and a mailbox (or a quarter of a company) once an hour with each.
    """

    message = models.CharField(max_length=32)
    place = models.CharField(max_length=32)
    hour = models.DateTimeField()
    failed = models.BooleanField()
    at = models.DateTimeField()
    domain = models.CharField(max_length=253)
    mta = models.CharField(max_length=253, blank=True)
    """The recipient's server, where it was named."""
    sending_ip = models.CharField(max_length=45, blank=True)
    article = models.CharField(max_length=60, blank=True)
    counted = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("message", "failed"), name="one_outcome_a_message"),
            models.UniqueConstraint(fields=("place", "hour", "failed"), name="one_outcome_a_place"),
        )
        indexes = (
            models.Index(fields=("id",), condition=Q(counted=False), name="outcome_uncounted"),
            models.Index(fields=("at",), name="outcome_age"),
        )

    def __str__(self) -> str:
        return f"outcome {self.pk}"


class OutcomeCount(models.Model):
    """How many codes and test messages got through or failed within one minute, for one value of one dimension.

    After two days the minutes of an hour are put together under its first one.
    """

    minute = models.DateTimeField()
    dimension = models.CharField(max_length=12)
    """`provider`, `gateway`, `sending_ip`, `article`, or `all`, whose value is empty."""
    value = models.CharField(max_length=60)
    total = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("dimension", "value", "minute"), name="one_count_a_minute"),)
        indexes = (models.Index(fields=("minute",), name="count_age"),)

    def __str__(self) -> str:
        return f"{self.dimension} {self.value}: {self.failed} of {self.total}"


class ValueWatch(models.Model):
    """What the watch over one value remembers from minute to minute: `incidents.Watch`, as JSON."""

    dimension = models.CharField(max_length=12)
    value = models.CharField(max_length=60)
    learned_at = models.DateTimeField(null=True)
    state = models.JSONField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("dimension", "value"), name="one_watch_a_value"),)

    def __str__(self) -> str:
        return f"watch over {self.dimension} {self.value}"


class Incident(models.Model):
    """The failure share of one value left its usual range at `began_at`. Open until `ended_at`.

    `part_of` is the incident that explains this one: a provider's where a gateway or our own side fails, for example.
    """

    dimension = models.CharField(max_length=12)
    value = models.CharField(max_length=60)
    began_at = models.DateTimeField()
    found_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    usual = models.FloatField()
    """The usual failure share, 0 to 1."""
    share = models.FloatField()
    """The share that was seen when it was found or last looked at."""
    total = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    cases = models.PositiveIntegerField(default=0)
    """Cases of that value since it began."""
    part_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="parts")
    closed_by = models.CharField(max_length=150, blank=True)
    """Who closed it by hand; empty where the share was as usual again."""

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("dimension", "value"), condition=Q(ended_at__isnull=True), name="one_open_incident"
            ),
        )
        indexes = (models.Index(fields=("-began_at",), name="incident_newest"),)

    def __str__(self) -> str:
        return f"incident {self.pk}"
