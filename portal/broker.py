"""kombu's transport for Redis, mended where it lost the process together with its connection, and made cheaper.

The broker remembers nothing of what workers hold: two commands for each message, and their answers, cost a worker more
than all else that a message does. What is lost with a worker PostgreSQL knows, and the dispatcher publishes it again
sooner than the broker would (`diagnostics.dispatch`).
"""

from __future__ import annotations

from contextlib import suppress
from queue import Empty
from typing import Any, Self

import kombu
from celery.app.amqp import AMQP
from celery.signals import worker_shutting_down
from kombu.transport import redis, virtual
from redis.exceptions import ConnectionError as NotConnected

PAUSES = {"interval_start": 1, "interval_step": 0, "interval_max": 1}
"""Seconds between two tries to reach a broker that is away."""


class QoS(virtual.QoS):
    """What was delivered and not acknowledged yet, in memory. A worker that stops puts it back on its queue."""

    stopping = False
    """Of the whole process."""

    def can_consume(self) -> bool:
        """Nothing more once the worker was told to stop. Celery looks for that up to a second later."""
        return not QoS.stopping and super().can_consume()

    def restore_unacked(self) -> list[Any]:  # type: ignore[override]  # kombu returns what its stubs deny
        """None of its failures is for anybody: what does not get back is missed."""
        super().restore_unacked()
        return []


class Channel(redis.Channel):
    """A connection that was closed is a lost connection, also for what is still to be acknowledged on it.

    kombu 5.7 takes the address from the connection's client, which is gone by then. The AttributeError is no error that
    it or celery expects, so a worker that had a task in hand ended when its broker went away.
    """

    ack_emulation = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.QoS = QoS  # type: ignore[assignment]  # Redis' own is what we do without

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        if self.connection.client is None:
            raise NotConnected("the connection to the broker was closed")
        found: dict[str, Any] = super()._connparams(asynchronous)  # type: ignore[misc]  # the stubs leave it out
        return found

    def _create_client(self, asynchronous: bool = False) -> Any:
        """kombu 5.7 makes a new client for every message that comes and again when it is acknowledged, which costs a
        worker more than all that it says to the broker. A client only borrows connections, so one serves all threads.
        """
        if asynchronous:  # has a connection of its own
            return super()._create_client(asynchronous)  # type: ignore[misc]
        pool = self.pool  # another one after the connection was lost
        if self._lasting is None or self._lasting.connection_pool is not pool:
            self._lasting = super()._create_client()  # type: ignore[misc]
        return self._lasting

    _lasting: Any = None

    def _basic_cancel(self, consumer_tag: str) -> Any:
        """The last request for work is still with the broker, for a second. What it brings goes back to its queue then,
        and does not lie here until the worker has done all else.
        """
        cancelled = super()._basic_cancel(consumer_tag)  # type: ignore[misc]  # the stubs leave it out
        channel: Any = self  # and all of these
        if channel._in_poll and not channel.active_queues:
            with suppress(Empty, *channel.connection_errors):
                channel._brpop_read()
        return cancelled


class Transport(redis.Transport):
    Channel = Channel


class Connection(kombu.Connection):
    """A worker is back a moment after the broker is; kombu's own pauses grow to half a minute while it is away."""

    def ensure_connection(self, *args: Any, **options: Any) -> Self:
        return super().ensure_connection(*args, **(PAUSES | options))


class Amqp(AMQP):
    """What Celery makes connections with."""

    Connection = Connection


@worker_shutting_down.connect
def take_nothing_more(**kwargs: Any) -> None:
    """In the very moment in which the worker is told, by a signal."""
    QoS.stopping = True
