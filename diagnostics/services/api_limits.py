"""How much a client of the API may ask for, and how much of it is left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from diagnostics.models import ApiClient, LimitHit
from diagnostics.services.limits import Rule, key_of, take

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Left:
    """Of `count` requests in a minute `left` may still be made; `reset` seconds until all of them may."""

    count: int
    left: int
    reset: int


def rule() -> Rule:
    return Rule("api-by-client", settings.API_PER_MINUTE, MINUTE)


def use(client: ApiClient) -> Left:
    """Count one request. Raises LimitReached."""
    limit = rule()
    take([(limit, str(client.pk))])
    used = LimitHit.objects.filter(rule=limit.name, key=key_of(str(client.pk)), at__gt=timezone.now() - limit.period)
    return Left(limit.count, max(0, limit.count - used.count()), int(limit.period.total_seconds()))
