"""What people add to a case's history: notes, the true cause in the end, and that somebody looked."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from diagnostics.models.cases import Case


class Note(models.Model):
    """What an agent wrote down about a case, for other agents."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="notes")
    author = models.CharField(max_length=150)
    text = models.CharField(max_length=5000)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"note {self.pk}"


class Resolution(models.Model):
    """What it was in the end, as an agent learned it; beside it what the diagnosis had said, to count how often we are
    right.
    """

    case = models.ForeignKey(Case, models.CASCADE, related_name="resolutions")
    by = models.CharField(max_length=150)
    at = models.DateTimeField(default=timezone.now)
    true_cause = models.CharField(max_length=60, blank=True)
    """A tag of the cause tree; empty where it was none of them, or nobody knows."""
    known = models.BooleanField(default=True)
    """False where nobody learned what it was: that says nothing of how often we are right."""
    verdict = models.CharField(max_length=20, blank=True)
    """The newest run's, at this time."""
    causes = models.JSONField(default=list)
    """The tags that the newest run named, best first."""
    reopened_at = models.DateTimeField(null=True)
    """An agent took it back; it counts no more."""
    reopened_by = models.CharField(max_length=150, blank=True)

    class Meta:
        indexes = (models.Index(fields=("at",), name="resolution_age"),)

    def __str__(self) -> str:
        return f"resolution {self.pk}"


class Viewer(models.TextChoices):
    OWNER = "owner"
    IT = "it"
    AGENT = "agent"
    EMBED = "embed"


class CaseView(models.Model):
    """Somebody looked at a page of the case; kept once an hour and kind of viewer."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="views")
    viewer = models.CharField(max_length=8, choices=Viewer)
    name = models.CharField(max_length=150, blank=True)
    """Which agent; empty for everybody else."""
    at = models.DateTimeField(default=timezone.now)
    hour = models.DateTimeField()
    """The full hour that `at` lies in."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=("case", "viewer", "name", "hour"), name="one_view_an_hour"),)

    def __str__(self) -> str:
        return f"view {self.pk}"
