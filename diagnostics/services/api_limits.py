"""How much a client of the API may ask for, and how much of it is left."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from diagnostics.models import ApiClient
from diagnostics.services.limits import Rule, take

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Left:
    """Of `count` requests in a `window` of so many seconds `left` may still be made at once; `reset` seconds until all
    of them may.
    """

    count: int
    window: int
    left: int
    reset: int


def rule() -> Rule:
    return Rule("api-by-client", settings.API_PER_MINUTE, MINUTE)


def use(client: ApiClient) -> Left:
    """Count one request. Raises LimitReached."""
    limit = rule()
    left = take([(limit, str(client.pk))])[limit]
    reset = math.ceil((left.full_at - timezone.now()).total_seconds())
    return Left(limit.count, int(limit.period.total_seconds()), left.uses, max(0, reset))
