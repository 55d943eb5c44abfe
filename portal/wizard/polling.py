"""Whether a page asks again by itself, and what tells it that something has changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from diagnostics.models import MessageState, Run, TestMessage
from diagnostics.services.standing import Standing

SLOW_AFTER = timedelta(seconds=30)
POLLED_FOR = timedelta(minutes=3)


class Pace(StrEnum):
    """How long the customer has been waiting; `over`: the page asks no more by itself."""

    DONE = "done"
    QUICK = "quick"
    SLOW = "slow"
    OVER = "over"


def pace_of(run: Run, messages: Iterable[TestMessage], now: datetime) -> Pace:
    """Of whatever is still under way: the run, or a test message that was asked for."""
    waiting_since = [waits_since(message) for message in messages if is_under_way(message)]
    if not run.finished:
        waiting_since.append(run.created_at)
    if not waiting_since:
        return Pace.DONE
    waited = now - max(waiting_since)
    if waited >= POLLED_FOR:
        return Pace.OVER
    is_long = waited >= SLOW_AFTER or waited < timedelta(0)  # the next try is to come
    return Pace.SLOW if is_long else Pace.QUICK


def is_under_way(message: TestMessage) -> bool:
    """It is being sent, or will be again."""
    return not message.finished or message.next_try_at is not None


def waits_since(message: TestMessage) -> datetime:
    """Since when somebody waits for the try that is under way; in the future where it is still to come."""
    if message.next_try_at:
        return message.next_try_at
    return message.sent_at if message.state == MessageState.SENDING and message.sent_at else message.created_at


def etag(standing: Standing, now: datetime) -> str:
    """Changes with everything that changes what a poll of the case would show (RFC 9110 section 8.8.3)."""
    run, messages = standing.run, standing.messages
    version = run.full_version if standing.tier else run.version
    told = sorted(
        f"{one.purpose}.{one.state}.{one.tries}.{one.next_try_at is not None:d}.{one.typed_at is not None:d}"
        for one in messages
    )
    return f'"{"-".join((str(run.pk), str(version), pace_of(run, messages, now), str(standing.incident), *told))}"'
