"""What workers and the dispatcher do, step by step, for tests that do it by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from diagnostics import dispatch
from diagnostics.services.due import look
from diagnostics.services.runs import Claim, claim_of, take_groups


def claim_groups(group_ids: Sequence[int], now: datetime | None = None) -> list[Claim]:
    """As a worker takes groups of any runs."""
    return [claim_of(row) for row in take_groups(group_ids, now or timezone.now())]


def claim_group(group_id: int) -> Claim | None:
    """As a worker takes a run's groups, but one; None where there is nothing to take."""
    return next(iter(claim_groups([group_id])), None)


def publish_queued() -> int:
    """As the dispatcher does when it hears of work; how much got out. Raises BrokerAway."""
    return dispatch.publish(look())


def sweep() -> None:
    """As the dispatcher does every few seconds. Raises BrokerAway once everything is done that needs no broker."""
    dispatch.take_back()
    dispatch.look_after_broker()
