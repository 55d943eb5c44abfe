"""What keeps the portal running: limits and signs of life."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class LimitHit(models.Model):
    """One use of a limited thing. `key` is a keyed hash: no address or source is readable here."""

    rule = models.CharField(max_length=40)
    key = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = (
            models.Index(fields=("rule", "key", "at"), name="limit_window"),
            models.Index(fields=("at",), name="limit_age"),
        )

    def __str__(self) -> str:
        return f"{self.rule} {self.pk}"


class Heartbeat(models.Model):
    """When a long-running process last showed that it works."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
