"""How much may wait: where too many checks do already, or one does for too long, another is not begun.

Somebody who is told to come back in a minute is better off than one whose check waits for half an hour; and what waits
has a bound, whatever comes in. What is under way goes on, and so does everything that begins no run.
"""

from __future__ import annotations

import time
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from diagnostics.models import Group
from diagnostics.services import refusals
from diagnostics.services.limits import LimitReached, Rule

COME_BACK = timedelta(seconds=45)
"""Below a minute: helpdesks that are asked for more patience do not call again."""
LOOK_EVERY = 2.0
"""Seconds for which one look holds: to count twenty thousand groups takes PostgreSQL twenty milliseconds."""
WAITING = Rule("queue", 1, COME_BACK)


class QueueFull(LimitReached):
    """The limit that all share: too many checks wait. Nothing was changed."""

    def __init__(self) -> None:
        super().__init__(WAITING, timezone.now() + COME_BACK)


def admit() -> None:
    """Raises QueueFull where no further run should be begun."""
    global _looked
    at, is_full = _looked
    if time.monotonic() - at >= LOOK_EVERY:
        is_full = _is_full()
        _looked = (time.monotonic(), is_full)
    if is_full:
        refusals.note(WAITING.name)
        raise QueueFull


def look_again() -> None:
    """Let the next `admit` of this process see what waits then."""
    global _looked
    _looked = _NEVER


# Both from the index `group_waiting`, which holds nothing but what waits.
_WAITING_GROUPS = f"FROM {Group._meta.db_table} WHERE state = 'queued' ORDER BY created_at"  # noqa: S608 - a table's name
_LOOK = f"""
    SELECT (SELECT created_at {_WAITING_GROUPS} LIMIT 1), EXISTS (SELECT 1 {_WAITING_GROUPS} OFFSET %s)
"""  # noqa: S608 - the same
_NEVER = (float("-inf"), False)
_looked = _NEVER


def _is_full() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, [settings.QUEUE_MOST_GROUPS])
        oldest, too_many = cursor.fetchone()
    too_long = oldest is not None and timezone.now() - oldest > timedelta(seconds=settings.QUEUE_MOST_SECONDS)
    return bool(too_many or too_long)
