"""Questions to other systems that must be answered within seconds, also where the other side is frozen.

A server that was stopped in the middle keeps its connections open and says nothing; neither its own statement timeout
nor TCP's keepalive ends that. So each look has a thread of its own, which nobody waits for longer than the look's time
limit, and a connection of its own, which is cut when that is over.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any, Generic, TypeVar

import psycopg
import redis
from django.conf import settings
from django.db import connections

T = TypeVar("T")

CONNECT_SECONDS = 2
"""For each host that DATABASE_URL names; less is not possible with PostgreSQL's library."""
STATEMENTS_SECONDS = 2.0
"""For all statements of one look."""
BROKER_SECONDS = 1


class Look(Generic[T]):
    """Asks the same question again and again; however many want to know, one thread at a time asks."""

    def __init__(self, ask: Callable[[], T], seconds: float) -> None:
        self._ask = ask
        self._seconds = seconds
        self._lock = threading.Lock()
        self._answer: Future[T] | None = None
        self._began = 0.0

    def answer(self) -> T | None:
        """None where there is none in time. What the question raises is raised here."""
        with self._lock:
            if self._answer is None or self._answer.done():
                self._answer, self._began = Future(), time.monotonic()
                threading.Thread(target=self._run, args=(self._answer,), daemon=True, name="look").start()
            answer, left = self._answer, self._began + self._seconds - time.monotonic()
        try:
            return answer.result(max(left, 0))
        except TimeoutError:
            return answer.result(0) if answer.done() else None

    def _run(self, answer: Future[T]) -> None:
        try:
            answer.set_result(self._ask())
        except BaseException as problem:
            answer.set_exception(problem)


@contextmanager
def database(statements_seconds: float = STATEMENTS_SECONDS) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A connection to the portal's database, outside of the pool, on which nothing takes longer than that.

    Raises psycopg.Error.
    """
    given = connections["default"].get_connection_params()
    wanted = {name: value for name, value in given.items() if name not in ("context", "cursor_factory", "options")}
    wanted |= {
        "connect_timeout": CONNECT_SECONDS,
        "application_name": "portal-look",
        "options": f"-c statement_timeout={round(statements_seconds * 1000)}",
    }
    with psycopg.connect(**wanted, autocommit=True) as connection:
        cutting = threading.Timer(statements_seconds + 0.5, _cut, (connection.fileno(),))
        cutting.daemon = True
        cutting.start()
        try:
            yield connection
        finally:
            cutting.cancel()


def broker() -> redis.Redis:
    """A client that waits for the broker for a second, at connecting and at each answer. Its calls raise RedisError."""
    timeouts = {"socket_timeout": BROKER_SECONDS, "socket_connect_timeout": BROKER_SECONDS}
    if settings.REDIS_URL.startswith("unix://"):
        del timeouts["socket_connect_timeout"]
    return redis.Redis.from_url(settings.REDIS_URL, retry=None, **timeouts)


def oldest_queued_seconds(connection: psycopg.Connection[tuple[Any, ...]]) -> float:
    """How long the group of probes that has waited longest has been waiting for a worker; 0 if none is.

    What was begun before and came back counts from when it was published again.
    """
    row = connection.execute(
        """
        SELECT extract(epoch FROM now() - least(
            (SELECT created_at FROM diagnostics_group
             WHERE state = 'queued' AND started_at IS NULL ORDER BY created_at LIMIT 1),
            (SELECT dispatched_at FROM diagnostics_group
             WHERE state = 'queued' AND started_at IS NOT NULL AND dispatched_at IS NOT NULL
             ORDER BY dispatched_at LIMIT 1)
        ))
        """
    ).fetchone()
    return max(0.0, float(row[0])) if row and row[0] is not None else 0.0


def dispatcher_tick_seconds(connection: psycopg.Connection[tuple[Any, ...]]) -> float | None:
    """How long ago the working dispatcher last said that it works; None if none ever did."""
    row = connection.execute(
        "SELECT extract(epoch FROM now() - at) FROM diagnostics_heartbeat WHERE name = 'dispatcher'"
    ).fetchone()
    return max(0.0, float(row[0])) if row else None


def _cut(descriptor: int) -> None:
    # The descriptor stays the connection's: whoever reads from it finds that the other side has gone.
    with suppress(OSError), socket.socket(fileno=socket.dup(descriptor)) as line:
        line.shutdown(socket.SHUT_RDWR)
