"""What is kept for those who must be able to prove who did what."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class AuditEntry(models.Model):
    """Who did or read what, and when. Each entry carries the digest of the one before it; none is ever changed.

    The database itself refuses UPDATE, TRUNCATE and every DELETE but that of the oldest entries, a year old at least,
    for which `services.audit.forget_old` has just written down where the rest begins.
    """

    at = models.DateTimeField(default=timezone.now)
    actor_kind = models.CharField(max_length=12)
    """`agent`, `api`, `helpdesk`, `command` or `system`."""
    actor = models.CharField(max_length=150)
    action = models.CharField(max_length=40)
    reference = models.CharField(max_length=12, blank=True)
    """The case's; empty where it is about none."""
    source = models.CharField(max_length=64, blank=True)
    """A keyed hash of the network that it came from."""
    detail = models.JSONField(default=dict)
    """Codes and counts only: no address, no text of anybody."""
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)

    class Meta:
        indexes = (
            models.Index(fields=("reference", "-id"), name="audit_by_case"),
            models.Index(fields=("actor", "-id"), name="audit_by_actor"),
            models.Index(fields=("action", "-id"), name="audit_by_action"),
            models.Index(fields=("at",), name="audit_age"),
        )

    def __str__(self) -> str:
        return f"{self.action} {self.pk}"
