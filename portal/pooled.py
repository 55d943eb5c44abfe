"""Connections to PostgreSQL that a pool may ask whether they still stand without asking the server, and that give up
where the server answers nobody.
"""

from __future__ import annotations

import select
import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
from psycopg.errors import _WaitTimeout
from psycopg.rows import TupleRow

R = TypeVar("R")

HEALTH_CHECK = ""
"""What psycopg_pool has a connection execute before it hands it out."""
COMMON_SECONDS = 0.5
"""Nearly all statements are answered sooner, and nothing is done for them."""
DOUBT_SECONDS = 2.5
"""After so long without an answer the server is asked on another connection whether it answers at all."""
NOTHING_READY = 0


class PooledConnection(psycopg.Connection[TupleRow]):
    """An idle connection has nothing to read, until the server goes or ends it: then there is its last word, or an end.

    Only then is the server asked. One that has gone without a word is noticed by keepalives (`settings.DATABASES`); one
    that is frozen, by everybody's silence: then this connection is closed, and OperationalError raised.
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

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """As psycopg's; all that is said to the server goes through here."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, COMMON_SECONDS)
        except _WaitTimeout:
            return super().wait(self._doubting(gen), interval)

    def _doubting(self, gen: Generator[Any, int, R]) -> Generator[Any, int, R]:
        """`gen`, which psycopg has already begun, until it ends or the server is found to be silent."""
        from portal.database.pulse import SILENT, pulse  # settings are read before it can be imported

        doubt_at = time.monotonic() + DOUBT_SECONDS - COMMON_SECONDS
        ready = NOTHING_READY
        while True:
            try:
                wanted = gen.send(ready)
            except StopIteration as end:
                answer: R = end.value
                return answer
            ready = yield wanted
            if ready != NOTHING_READY:
                continue
            overdue = time.monotonic() > doubt_at
            if pulse.stopped or (overdue and not pulse.felt()):
                self.pgconn.finish()
                raise psycopg.OperationalError(SILENT)
            if overdue:
                doubt_at = time.monotonic() + DOUBT_SECONDS
