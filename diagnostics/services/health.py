"""The vendors' own side: who measures it now, what was found last, and until when that counts."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from diagnostics.articles import articles
from diagnostics.codec import Unreadable, decode, encode
from diagnostics.domain import Gap, Seen, Vantage, Vendor
from diagnostics.health import Lists
from diagnostics.models import VendorHealthRecord
from diagnostics.probes.vendor_health import VendorHealth
from diagnostics.vendors import vendors

LOCK = 0x4EA17
"""The advisory lock of the one worker that measures."""
COUNTS_FOR = timedelta(hours=1)
KEPT_FOR = timedelta(days=30)
EARLY = 0.5
"""So much of `HEALTH_EVERY` must have gone by since the last look: a queue that was held up does not look twice."""


def lists() -> Lists:
    """The blocklists that the settings name."""
    return Lists(tuple(settings.HEALTH_BLOCKLISTS), tuple(settings.HEALTH_DOMAIN_BLOCKLISTS))


def due() -> tuple[Vendor, ...]:
    """The vendors of all articles that were not looked at of late."""
    wanted = {article.vendor for article in articles().values()}
    since = timezone.now() - timedelta(seconds=settings.HEALTH_EVERY * EARLY)
    seen = set(VendorHealthRecord.objects.filter(at__gt=since).values_list("vendor", flat=True))
    return tuple(one for slug, one in sorted(vendors().items()) if slug in wanted - seen)


def save(health: VendorHealth) -> None:
    VendorHealthRecord.objects.create(vendor=health.vendor, data=encode(health))


def newest(vendor: str, *, until: datetime | None = None) -> Seen | None:
    """The newest look at a vendor's side by then, as evidence; None where there was none.

    One that is more than an hour older than `until` (or than now) is a gap: it says nothing about that time.
    """
    by_then = until or timezone.now()
    found = VendorHealthRecord.objects.filter(vendor=vendor, at__lte=by_then).order_by("-at").first()
    if found is None:
        return None
    health, gap = _read(found)
    if by_then - found.at > COUNTS_FOR:
        health, gap = None, Gap.STALE
    return Seen(VendorHealth, Vantage.SERVER, found.at, health, gap)


def forget_old() -> None:
    """Looks that no case kept for support needs any more."""
    VendorHealthRecord.objects.filter(at__lt=timezone.now() - KEPT_FOR).delete()


def _read(record: VendorHealthRecord) -> tuple[VendorHealth | None, Gap | None]:
    try:
        return decode(VendorHealth, record.data), None
    except Unreadable:
        return None, Gap.OUTDATED
