"""Connections to PostgreSQL that a pool may ask whether they still stand without asking the server."""

from __future__ import annotations

import select
from typing import Any

import psycopg
from psycopg.rows import TupleRow

HEALTH_CHECK = ""
"""What psycopg_pool has a connection execute before it hands it out."""


class PooledConnection(psycopg.Connection[TupleRow]):
    """An idle connection has nothing to read, until the server goes or ends it: then there is its last word, or an end.

    Only then is the server asked. One that has gone without a word is noticed by keepalives (`settings.DATABASES`).
    """

    def execute(self, query: Any, *args: Any, **options: Any) -> Any:
        if query == HEALTH_CHECK and not self.something_to_read():
            return self.cursor()
        return super().execute(query, *args, **options)

    def something_to_read(self) -> bool:
        """Raises psycopg.OperationalError where the connection is known to be lost."""
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        return bool(poll.poll(0))
