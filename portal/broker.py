"""kombu's transport for Redis, mended where it lost the process together with its connection."""

from __future__ import annotations

from typing import Any

from kombu.transport import redis
from redis.exceptions import ConnectionError as NotConnected


class Channel(redis.Channel):
    """A connection that was closed is a lost connection, also for what is still to be acknowledged on it.

    kombu 5.7 takes the address from the connection's client, which is gone by then. The AttributeError is no error that
    it or celery expects, so a worker that had a task in hand ended when its broker went away.
    """

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        if self.connection.client is None:
            raise NotConnected("the connection to the broker was closed")
        found: dict[str, Any] = super()._connparams(asynchronous)  # type: ignore[misc]  # the stubs leave it out
        return found


class Transport(redis.Transport):
    Channel = Channel
