"""What the two protocols of a test point have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from diagnostics.responder.config import Config
from diagnostics.responder.witness import Witness


class Conversation(asyncio.Protocol):
    """One connection. `port` is the article's, `source` the visitor's address, `ended` is called at the end."""

    def __init__(
        self, config: Config, witness: Witness, port: int, source: str, ended: Callable[[], None] = lambda: None
    ) -> None:
        self.config = config
        self.witness = witness
        self.port = port
        self.source = source
        self.buffer = b""
        """What came in and is not yet a whole question."""
        self._ended = ended

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """The last that happens; nothing may hold a whole TLS connection until the garbage collector finds the ring."""
        del self.transport
        self._ended()

    def pause_writing(self) -> None:
        """Whoever does not read what was answered may not ask for more."""
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        self.transport.resume_reading()
