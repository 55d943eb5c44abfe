"""Ports on loopback, and the connections made to them."""

from __future__ import annotations

import asyncio
from typing import cast
from weakref import WeakSet

LOOPBACK = "127.0.0.1"


class Connections:
    """Open connections of a server, to be cut when it stops: asyncio's servers only stop listening (before 3.13)."""

    def __init__(self) -> None:
        self._open: WeakSet[asyncio.Transport] = WeakSet()

    def add(self, transport: asyncio.BaseTransport) -> asyncio.Transport:
        """Remember a stream's transport; gives it back as what it is."""
        stream = cast(asyncio.Transport, transport)
        self._open.add(stream)
        return stream

    def abort(self) -> None:
        for transport in list(self._open):
            transport.abort()
