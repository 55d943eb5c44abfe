"""Waking the dispatcher, which listens on one channel of PostgreSQL."""

from __future__ import annotations

from django.db import connection

CHANNEL = "portal_work"


def announce_work() -> None:
    """Wake the dispatcher when this transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
