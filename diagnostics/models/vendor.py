"""What is kept of the vendor: who administers which company, and how our own side was found."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class DirectoryEntry(models.Model):
    """One administrator's or other person's address on a company's account, as imported from the vendor's records."""

    vendor = models.SlugField(max_length=60, db_index=False)
    company_id = models.CharField(max_length=64)
    address = models.CharField(max_length=254)
    """In the form that limits compare, so that capital letters make no difference."""
    administrator = models.BooleanField()
    imported_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("vendor", "company_id", "address"), name="one_entry_an_address"),
        )
        indexes = (models.Index(fields=("vendor", "address"), name="directory_by_address"),)

    def __str__(self) -> str:
        return f"directory entry {self.pk}"


class VendorHealthRecord(models.Model):
    """What the scheduled look at our own side found; `data` is the encoded observation `VendorHealth`."""

    vendor = models.SlugField(max_length=60, db_index=False)
    at = models.DateTimeField(default=timezone.now)
    data = models.JSONField()

    class Meta:
        indexes = (models.Index(fields=("vendor", "-at"), name="health_newest"),)

    def __str__(self) -> str:
        return f"health of {self.vendor} {self.pk}"
