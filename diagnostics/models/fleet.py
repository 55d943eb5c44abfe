"""What is kept of all cases together: how many hand-overs failed where, and what stood out."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class OutcomeCount(models.Model):
    """How many codes and test messages got through or failed within one minute, for one value of one dimension."""

    minute = models.DateTimeField()
    dimension = models.CharField(max_length=12)
    """`provider`, `gateway`, `sending_ip`, `article`, or `all`."""
    value = models.CharField(max_length=60)
    total = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("dimension", "value", "minute"), name="one_count_a_minute"),)
        indexes = (models.Index(fields=("minute",), name="count_age"),)

    def __str__(self) -> str:
        return f"{self.dimension} {self.value}: {self.failed} of {self.total}"


class Incident(models.Model):
    """The failure share of one value left its usual range at `began_at`. Open until `ended_at`."""

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

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("dimension", "value"), condition=Q(ended_at__isnull=True), name="one_open_incident"
            ),
        )
        indexes = (models.Index(fields=("-began_at",), name="incident_newest"),)

    def __str__(self) -> str:
        return f"incident {self.pk}"
