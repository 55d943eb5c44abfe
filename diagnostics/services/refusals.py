"""How often limits kept somebody from something, by rule: what an operator watches.

Whoever is refused leaves no trace in the transaction that it happened in, which is rolled back. So refusals are noted
in this process, and added to what all processes have counted when a request ends, once a second at most: a flood of
refusals must not become a flood of writes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Mapping

import psycopg_pool
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from diagnostics.models import Refusal

logger = logging.getLogger(__name__)
EVERY = 1.0
"""Seconds between two writes of one process."""

_lock = threading.Lock()
_noted: Counter[str] = Counter()
_written = float("-inf")


def note(rule: str) -> None:
    """Count one refusal."""
    with _lock:
        _noted[rule] += 1


def write(*, now: bool = False) -> None:
    """Add what was noted to the table, if there is anything and the last time is long enough ago, or `now`.

    Outside of any transaction that may still be rolled back. What cannot be written is kept for the next time.
    """
    global _written
    with _lock:
        if not _noted or not (now or time.monotonic() - _written >= EVERY):
            return
        counts = dict(_noted)
        _noted.clear()
        _written = time.monotonic()
    try:
        _add(counts)
    except (OperationalError, InterfaceError, psycopg_pool.PoolTimeout):
        logger.warning("refusals could not be counted now; they are kept")
        with _lock:
            _noted.update(counts)


def totals() -> Mapping[str, int]:
    """Refusals since the portal was set up, by the name of the rule; other processes' may be a second late."""
    write(now=True)
    return dict(Refusal.objects.values_list("rule", "count"))


def forget_noted() -> None:
    """Begin anew in this process, with what was noted and not yet written thrown away."""
    global _written
    with _lock:
        _noted.clear()
        _written = float("-inf")


def _add(counts: Mapping[str, int]) -> None:
    # Sorted, so that no two processes wait for each other.
    rows = sorted(counts.items())
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {Refusal._meta.db_table} AS held (rule, count, last_at)
            SELECT rule, count, %s FROM unnest(%s::text[], %s::bigint[]) AS noted (rule, count)
            ON CONFLICT (rule) DO UPDATE SET count = held.count + excluded.count, last_at = excluded.last_at
            """,  # noqa: S608 - the table's own name
            [timezone.now(), [rule for rule, _ in rows], [count for _, count in rows]],
        )
