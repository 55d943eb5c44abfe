"""What keeps the portal running: limits and signs of life."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Allowance(models.Model):
    """How much of one rule is used up for one key: one row, however often it was asked for.

    `key` is a keyed hash: no address or source is readable here.
    """

    rule = models.CharField(max_length=40)
    key = models.CharField(max_length=64)
    until = models.DateTimeField()
    """From then on the row says no more than its absence: everything is free again."""
    uses = ArrayField(models.DateTimeField(), default=list)
    """When it was used, oldest first; only where the rule counts the very moments."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=("rule", "key"), name="one_allowance"),)
        indexes = (models.Index(fields=("until",), name="allowance_age"),)

    def __str__(self) -> str:
        return f"{self.rule} {self.pk}"


class Refusal(models.Model):
    """How often a limit kept somebody from something, since the portal was set up."""

    rule = models.CharField(max_length=40, primary_key=True)
    count = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.rule


class UsedProof(models.Model):
    """A proof of work, or of patience, that was accepted: no second time. `digest` is one of what was sent."""

    digest = models.CharField(max_length=64, primary_key=True)
    until = models.DateTimeField()
    """When the proof itself would end."""

    class Meta:
        indexes = (models.Index(fields=("until",), name="used_proof_age"),)

    def __str__(self) -> str:
        return f"proof {self.digest[:8]}"


class Heartbeat(models.Model):
    """When a long-running process last showed that it works."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
