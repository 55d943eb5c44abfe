"""What is kept of helpdesks: notes for their tickets, and calls of theirs that were taken."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from diagnostics.models.cases import Case, DeepLink
from diagnostics.models.webhooks import CaseEvent


class NoteState(models.TextChoices):
    QUEUED = "queued"
    POSTING = "posting"
    """Committed before the call. Found here after a crash, the ticket is looked at for `note_id` before a new try."""
    POSTED = "posted"
    FAILED = "failed"


class TicketNote(models.Model):
    """An internal note that a ticket is to get: posted at most once, known there by `note_id` in its text.

    With a `link` it brings the agent the customer's link, which is written into the text only on its way: no token is
    kept here.
    """

    case = models.ForeignKey(Case, models.CASCADE, null=True, related_name="ticket_notes")
    """Null where the link has opened none yet."""
    event = models.OneToOneField(CaseEvent, models.SET_NULL, null=True, related_name="+")
    link = models.ForeignKey(DeepLink, models.CASCADE, null=True, related_name="notes")
    helpdesk = models.CharField(max_length=20)
    ticket = models.CharField(max_length=64)
    note_id = models.CharField(max_length=40, unique=True)
    text = models.TextField()
    state = models.CharField(max_length=8, choices=NoteState, default=NoteState.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    next_try_at = models.DateTimeField(default=timezone.now)
    dispatched_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    detail = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=("next_try_at",), condition=Q(state="queued"), name="note_due"),
            models.Index(fields=("lease_until",), condition=Q(state="posting"), name="note_leased"),
            models.Index(fields=("ticket", "helpdesk"), name="note_by_ticket"),
        )

    def __str__(self) -> str:
        return self.note_id


class HelpdeskCall(models.Model):
    """A call of a helpdesk's that was taken: the same one again is a replay and changes nothing."""

    helpdesk = models.CharField(max_length=20)
    call_id = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("helpdesk", "call_id"), name="call_once"),)
        indexes = (models.Index(fields=("at",), name="helpdesk_call_age"),)

    def __str__(self) -> str:
        return f"call {self.pk}"
