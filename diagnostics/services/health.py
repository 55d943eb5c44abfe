"""The vendors' own side: who measures it now, what was found last, and until when that counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

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
    newest_first = VendorHealthRecord.objects.filter(vendor=vendor, at__lte=by_then).order_by("-at")
    row = newest_first.values_list("pk", "at").first()
    if row is None:
        return None
    return as_evidence(*row, until=by_then)


def as_evidence(pk: int, at: datetime, *, until: datetime) -> Seen:
    """That look as evidence for a judgement of that time."""
    health, gap = (None, Gap.STALE) if until - at > COUNTS_FOR else _read(pk, at)
    return Seen(VendorHealth, Vantage.SERVER, at, health, gap)


def forget_old() -> None:
    """Looks that no case kept for support needs any more."""
    VendorHealthRecord.objects.filter(at__lt=timezone.now() - KEPT_FOR).delete()


@lru_cache(maxsize=32)
def _read(pk: int, at: datetime) -> tuple[VendorHealth | None, Gap | None]:
    """A look never changes, and every case is judged with the same few."""
    data = VendorHealthRecord.objects.filter(pk=pk).values_list("data", flat=True).first()
    try:
        return decode(VendorHealth, data or {}), None
    except Unreadable:
        return None, Gap.OUTDATED
