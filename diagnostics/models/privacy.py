"""What is kept of people's wish to be forgotten, until it is done."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone


class Erasure(models.Model):
    """That everything about one address is to be erased. The address itself is kept until that is done."""

    address = models.CharField(max_length=254, blank=True)
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)
    """What was erased: how many rows by name of table."""

    class Meta:
        indexes = (models.Index(fields=("asked_at",), condition=Q(done_at=None), name="erasure_due"),)

    def __str__(self) -> str:
        return f"erasure {self.pk}"
