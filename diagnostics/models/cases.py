"""What is kept of one customer's report: the case, its links, runs, groups and observations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Func, IntegerField, Q
from django.db.models.functions import Upper
from django.utils import timezone

from diagnostics.domain import ProbeGroup, Vantage, Verdict

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

    from diagnostics.models.mail import TestMessage


class GroupState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """Lost three times: the customer is told "could not check"."""

    @classmethod
    def final(cls) -> tuple[GroupState, ...]:
        return (cls.DONE, cls.FAILED)


class LinkKind(models.TextChoices):
    OWNER = "owner"
    IT = "it"


class CaseState(models.TextChoices):
    CHECKING = "checking"
    """A run is under way."""
    OPEN = "open"
    RESOLVED = "resolved"


class Week(Func):
    """In which week (of UTC, counted from 1970) a time lies.

    Second in an index, it keeps equal entries equal, so that the index stays a sixth of what the time itself would
    make it, and gives the newest cases of a value nevertheless.
    """

    template = "(floor(extract(epoch from %(expressions)s at time zone 'UTC') / 604800)::int)"
    arity = 1
    output_field = IntegerField()


class CaseQuerySet(models.QuerySet["Case"]):
    def newest_first(self) -> CaseQuerySet:
        return self.order_by("-created_at", "-pk")

    def newest_first_by_week(self) -> CaseQuerySet:
        """The same order, for one of the indexes that end in the week: PostgreSQL reads a week, sorts it and stops."""
        return self.order_by(Week("created_at").desc(), "-created_at", "-pk")

    def matching(self, text: str) -> CaseQuerySet:
        """Cases by reference, domain or ticket (whole) or by address or company (beginning); all of them for an empty
        text.
        """
        text = text.strip().replace("\x00", "")
        if not text:
            return self
        return self.filter(
            Q(reference=text.upper())
            | Q(address__istartswith=text)
            | Q(domain=text.lower().removeprefix("@"))
            | Q(company_id__istartswith=text)
            | Q(ticket=text)
        )


class Case(models.Model):
    """One customer's report that a code has not arrived."""

    reference = models.CharField(max_length=12, unique=True)
    article = models.SlugField(max_length=60, db_index=False)
    vendor = models.SlugField(max_length=60, db_index=False)
    company_id = models.CharField(max_length=64)
    address = models.CharField(max_length=254)
    domain = models.CharField(max_length=253)
    device_model = models.CharField(max_length=40, blank=True)
    asked_at = models.CharField(max_length=20, blank=True)
    """When the clock or the web app was asked for the code, in the customer's words of the form."""
    origin = models.CharField(max_length=20, default="portal")
    helpdesk = models.CharField(max_length=20, blank=True)
    ticket = models.CharField(max_length=64, blank=True)
    tier = models.PositiveSmallIntegerField(default=0)
    """0: anyone's report; 1: opened through a signed link, or the domain was proved by DNS."""
    proved_by_dns = models.BooleanField(default=False)
    """How it came to tier 1: whoever owns a domain may hear of its own addresses only."""
    language = models.CharField(max_length=12, default="en")
    submission = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001 - NULL is "without a form" and equals no other
    api_client = models.ForeignKey("ApiClient", models.SET_NULL, null=True, blank=True, related_name="cases")
    """Which system opened it through the API."""
    created_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=CaseState, default=CaseState.CHECKING)
    verdict = models.CharField(max_length=20, blank=True)
    """This and what follows repeat what the newest run says, for lists and counts: see `services.runs.judge`."""
    cause = models.CharField(max_length=60, blank=True)
    gateway = models.CharField(max_length=60, blank=True)
    provider = models.CharField(max_length=60, blank=True)
    """Who keeps the mailbox: like `gateway` a slug of `diagnostics/providers`, empty where nobody we know does."""
    details_deleted_at = models.DateTimeField(null=True, editable=False)
    """Since then nothing here says whose case it was: see `services.retention`."""

    objects = CaseQuerySet.as_manager()

    if TYPE_CHECKING:
        runs: RelatedManager[Run]
        records: RelatedManager[ObservationRecord]
        test_messages: RelatedManager[TestMessage]
        network_tests: RelatedManager[NetworkTest]

    class Meta:
        indexes = (
            models.Index(fields=("-created_at", "-id"), name="case_newest"),
            models.Index(fields=("ticket", "helpdesk"), name="case_by_ticket"),
            models.Index(OpClass(Upper("address"), name="text_pattern_ops"), name="case_by_address"),
            models.Index(
                OpClass(Upper("company_id"), name="text_pattern_ops"), Week("created_at"), name="case_by_company_week"
            ),
            *(
                models.Index(models.F(name), Week("created_at"), name=f"case_by_{name}_week")
                for name in ("article", "verdict", "cause", "gateway", "provider", "domain", "origin", "state")
            ),
            models.Index(fields=("created_at",), condition=Q(details_deleted_at=None), name="case_with_details"),
        )

    def __str__(self) -> str:
        return self.reference

    @property
    def is_test(self) -> bool:
        """Opened with an API client's test key: about nobody, told to no other system and counted nowhere."""
        return self.api_client is not None and self.api_client.is_test


class CaseLink(models.Model):
    """A capability: whoever holds the token may see the case (owner) or its page for IT. Only the hash is kept."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="links")
    kind = models.CharField(max_length=8, choices=LinkKind)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} link {self.pk}"


class Run(models.Model):
    """One pass of the probes over a case.

    `diagnosis` is the encoded `domain.Diagnosis` that anyone may see, provisional until `finished_at`;
    `full_diagnosis` counts what the vendor's own records say, too, and so do `verdict` and `cause`.
    """

    case = models.ForeignKey(Case, models.CASCADE, related_name="runs", db_index=False)  # `run_number` begins with it
    number = models.PositiveIntegerField()
    asked_by = models.CharField(max_length=20, default="customer")
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=20, blank=True, choices=[(v.value, v.value) for v in Verdict])
    cause = models.CharField(max_length=60, blank=True)
    diagnosis = models.JSONField(null=True)
    full_diagnosis = models.JSONField(null=True)
    version = models.PositiveIntegerField(default=0)
    """Grows with everything that changes what a page of this run shows at tier 0; those pages' ETag."""
    full_version = models.PositiveIntegerField(default=0)
    """The same for tiers 1 and 2."""
    data_deleted_at = models.DateTimeField(null=True, editable=False)
    """Since then what its probes saw is gone; the diagnosis stays, and is not made anew."""

    if TYPE_CHECKING:
        groups: RelatedManager[Group]
        records: RelatedManager[ObservationRecord]
        test_messages: RelatedManager[TestMessage]

    class Meta:
        constraints = (models.UniqueConstraint(fields=("case", "number"), name="run_number"),)
        indexes = (models.Index(fields=("created_at",), condition=Q(data_deleted_at=None), name="run_with_data"),)

    def __str__(self) -> str:
        return f"run {self.number} of case {self.case_id}"

    @property
    def finished(self) -> bool:
        return self.finished_at is not None


class Group(models.Model):
    """One probe group of a run: queued, claimed by lease, done. `attempt` is the fencing number of late writes."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="groups", db_index=False)  # `group_of_run` begins with it
    name = models.CharField(max_length=12, choices=[(g.value, g.value) for g in ProbeGroup])
    state = models.CharField(max_length=8, choices=GroupState, default=GroupState.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    dispatched_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("run", "name"), name="group_of_run"),)
        indexes = (
            models.Index(fields=("dispatched_at", "id"), condition=Q(state="queued"), name="group_queued"),
            models.Index(fields=("lease_until",), condition=Q(state="running"), name="group_leased"),
            models.Index(fields=("created_at",), condition=Q(state="queued"), name="group_waiting"),
        )

    def __str__(self) -> str:
        return f"{self.name} of run {self.run_id}"


class ObservationRecord(models.Model):
    """What one probe saw, or why it saw nothing (`gap`). `data` is the encoded observation of type `kind`."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="records")
    run = models.ForeignKey(Run, models.CASCADE, related_name="records")
    group = models.ForeignKey(  # `one_answer_a_probe` begins with it
        Group, models.CASCADE, null=True, related_name="records", db_index=False
    )
    message = models.ForeignKey("TestMessage", models.CASCADE, null=True, related_name="records")
    """The test message that the customer or the sending service reported about."""
    kind = models.CharField(max_length=60)
    vantage = models.CharField(max_length=10, choices=[(v.value, v.value) for v in Vantage])
    attempt = models.PositiveSmallIntegerField(default=0)
    data = models.JSONField(null=True)
    gap = models.CharField(max_length=20, blank=True)
    applies = models.BooleanField(default=True)
    detail = models.CharField(max_length=500, blank=True)
    elapsed_ms = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("group", "kind"), name="one_answer_a_probe"),)

    def __str__(self) -> str:
        return f"{self.kind} of run {self.run_id}"


class NetworkTest(models.Model):
    """One test of a customer's network, and the right to report it: by the page, or by the check script.

    `nonce` names it towards our port responders; it travels in the clear and is no secret. What allows the script to
    report is derived from it with the secret key, so nothing here is worth stealing.
    """

    case = models.ForeignKey(Case, models.CASCADE, related_name="network_tests")
    vantage = models.CharField(max_length=10, choices=[(v.value, v.value) for v in (Vantage.BROWSER, Vantage.SCRIPT)])
    nonce = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    reports = models.PositiveSmallIntegerField(default=0)
    """How many were taken; a second one of a page, or a sixth of the script, is refused."""

    class Meta:
        indexes = (
            models.Index(fields=("case", "vantage", "-expires_at"), name="network_test_newest"),
            models.Index(fields=("expires_at",), name="network_test_age"),
        )

    def __str__(self) -> str:
        return f"network test {self.pk}"


class DeepLink(models.Model):
    """A signed link from a helpdesk: database token, so that it can be revoked. Bound to one case at its first POST."""

    token_hash = models.CharField(max_length=64, unique=True)
    article = models.SlugField(max_length=60, db_index=False)
    company_id = models.CharField(max_length=64)
    address = models.CharField(max_length=254)
    helpdesk = models.CharField(max_length=20, blank=True)
    ticket = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    made_by = models.CharField(max_length=150, blank=True)
    opened_by = models.CharField(max_length=64, blank=True)
    """A keyed hash that tells the browser which pressed the button first: it alone may use the link again."""
    case = models.ForeignKey(Case, models.SET_NULL, null=True, related_name="deep_links")

    api_client = models.ForeignKey("ApiClient", models.SET_NULL, null=True, blank=True, related_name="deep_links")
    """Which system made it through the API."""

    def __str__(self) -> str:
        return f"deep link {self.pk}"
