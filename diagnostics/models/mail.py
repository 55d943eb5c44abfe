"""What is kept of mail: the intent to send a test message, what became of it, and what sending services told."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from diagnostics.domain import SendEventKind
from diagnostics.models.cases import Case, Run


class MessageState(models.TextChoices):
    QUEUED = "queued"
    SENDING = "sending"
    """Committed before the first byte leaves. Found here after a crash, it becomes UNKNOWN and is never sent again."""
    ACCEPTED = "accepted"
    RELAYED = "relayed"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"

    @classmethod
    def undecided(cls) -> tuple[MessageState, ...]:
        """Nobody knows yet where the message ends: only the customer can say, once it was taken."""
        return (cls.QUEUED, cls.SENDING, *cls.may_have_arrived())

    @classmethod
    def may_have_arrived(cls) -> tuple[MessageState, ...]:
        """Somebody took it, or may have: the customer can look for it."""
        return (cls.ACCEPTED, cls.RELAYED, cls.UNKNOWN)


class Purpose(models.TextChoices):
    PRIMARY = "primary"
    """To the address the case is about."""
    COMPARISON = "comparison"
    """To a second mailbox of the customer's, at another provider."""


class TestMessage(models.Model):
    """The intent to send one traceable mail, and what became of it.

    Committed before anything is sent; sent at most once.
    """

    __test__ = False  # no test class, whatever its name

    case = models.ForeignKey(Case, models.CASCADE, related_name="test_messages")
    run = models.ForeignKey(Run, models.CASCADE, related_name="test_messages")
    purpose = models.CharField(max_length=12, choices=Purpose)
    address = models.CharField(max_length=254)
    code = models.CharField(max_length=6)
    message_id = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=12, choices=MessageState, default=MessageState.QUEUED)
    created_at = models.DateTimeField(default=timezone.now)
    dispatched_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    """When the hand-over that counts began: the last one."""
    tries = models.PositiveSmallIntegerField(default=0)
    """How often it was handed over; more than once only where their server put it off (4yz)."""
    first_sent_at = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField(null=True)
    """When a message that was put off is handed over again; null where it is not."""
    service_id = models.CharField(max_length=200, blank=True)
    """What the sending service calls the message in its events."""
    finished_at = models.DateTimeField(null=True)
    typed_at = models.DateTimeField(null=True)
    wrong_codes = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("run", "purpose"), name="one_message_a_purpose"),)
        indexes = (
            models.Index(fields=("dispatched_at", "id"), condition=Q(state="queued"), name="message_queued"),
            models.Index(fields=("lease_until",), condition=Q(state="sending"), name="message_leased"),
            models.Index(fields=("next_try_at",), condition=Q(next_try_at__isnull=False), name="message_retried"),
        )

    def __str__(self) -> str:
        return f"{self.purpose} test message of case {self.case_id}"

    @property
    def finished(self) -> bool:
        return self.state not in (MessageState.QUEUED, MessageState.SENDING)


class SenderEvent(models.Model):
    """What a sending service, a returned message or a mail log told about one message; of test messages and codes.

    The same event told twice is kept once.
    """

    service = models.CharField(max_length=20)
    event_id = models.CharField(max_length=120)
    """The service's own, or a digest of what it said."""
    kind = models.CharField(max_length=16, choices=[(one.value, one.value) for one in SendEventKind])
    address = models.CharField(max_length=254)
    """In the one spelling in which addresses are compared (`addresses.one_spelling`)."""
    test_message = models.ForeignKey(TestMessage, models.CASCADE, null=True, related_name="events")
    message_id = models.CharField(max_length=200, blank=True)
    reply = models.CharField(max_length=2000, blank=True)
    reject_reason = models.CharField(max_length=40, blank=True)
    mta = models.CharField(max_length=253, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("service", "event_id"), name="event_once"),)
        indexes = (
            models.Index(fields=("address", "at"), name="event_by_address"),
            models.Index(fields=("message_id",), name="event_by_message_id"),
            models.Index(fields=("at",), name="event_age"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class SuppressionRelease(models.Model):
    """An agent had an address taken off a sending service's list: who, when, for which case, and what came of it."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="suppression_releases")
    service = models.CharField(max_length=20)
    reason = models.CharField(max_length=12)
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField(default=timezone.now)
    outcome = models.CharField(max_length=12, blank=True)
    """`released`, `refused` or `silent`; empty while it is being asked for."""
    detail = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"release {self.pk}"


class MailStop(models.Model):
    """Somebody who received a test message asked for no more: nothing goes to that address until then."""

    key = models.CharField(max_length=64, unique=True)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"stop {self.pk}"
