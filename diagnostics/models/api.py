"""What is kept of the systems that use the API."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone


class ApiClient(models.Model):
    """A system that may use the API, with one key, or two while one takes the place of the other."""

    name = models.CharField(max_length=80, unique=True)
    vendor = models.SlugField(max_length=60, blank=True, db_index=False)
    """It sees this vendor's cases only; empty: all."""
    is_test = models.BooleanField(default=False)
    """Its cases are about canned domains only, and it sees no others."""
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.CharField(max_length=150)

    def __str__(self) -> str:
        return self.name


class ApiKey(models.Model):
    """Shown once, kept as a hash. `prefix` is its beginning, by which people tell keys apart."""

    client = models.ForeignKey(ApiClient, models.CASCADE, related_name="keys")
    prefix = models.CharField(max_length=24)
    key_hash = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=20), default=list)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.CharField(max_length=150)
    last_used_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.prefix


class ApiRequest(models.Model):
    """A POST that came with an Idempotency-Key, and what it was answered; the same again gets the same answer."""

    client = models.ForeignKey(ApiClient, models.CASCADE, related_name="requests")
    idempotency_key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    """Of method, path and body."""
    status = models.PositiveSmallIntegerField(null=True)
    """Null while it is being worked on."""
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    """Sealed: it may hold links that give access to a case."""
    attempt = models.PositiveSmallIntegerField(default=1)
    """The fencing number: whoever took the request over from a lost process has a higher one."""
    taken_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("client", "idempotency_key"), name="one_request_a_key"),)
        indexes = (models.Index(fields=("created_at",), name="api_request_age"),)

    def __str__(self) -> str:
        return f"request {self.pk}"
