"""Ports that are open, closed, filtered or reset, on loopback."""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager

from diagnostics.lab.ports import LOOPBACK, Connections

ANSWER_TO_HANDSHAKE = 0.1
"""Seconds; loopback completes a connection at once or not at all."""
LARGEST_QUEUE = 64


@asynccontextmanager
async def http(context: ssl.SSLContext | None, page: str, drips_every: float = 0.0) -> AsyncIterator[int]:
    """Answer HTTP requests with a page, over TLS with a context; gives the port."""
    connections = Connections()
    async with _listening(lambda: _Page(connections, page.encode(), drips_every), connections, context) as port:
        yield port


@asynccontextmanager
async def reset() -> AsyncIterator[int]:
    """Take connections and reset them; gives the port."""
    connections = Connections()
    async with _listening(lambda: _Resetting(connections), connections, None) as port:
        yield port


@contextmanager
def closed() -> Iterator[int]:
    """Reserve a port without listening on it: connections are refused."""
    with socket.socket() as reserved:
        reserved.bind((LOOPBACK, 0))
        yield reserved.getsockname()[1]


@contextmanager
def filtered() -> Iterator[int]:
    """Listen on a port but never accept, with a full queue: Linux drops every further SYN, as a firewall would."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind((LOOPBACK, 0))
        listener.listen(0)
        for _ in range(LARGEST_QUEUE):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
            _, connected, _ = select.select([], [filler], [], ANSWER_TO_HANDSHAKE)
            if not connected:
                break
        else:
            raise OSError("this system has no way to play a filtered port: its queue of connections never fills")
        yield listener.getsockname()[1]


@asynccontextmanager
async def _listening(
    protocol: Callable[[], asyncio.Protocol], connections: Connections, context: ssl.SSLContext | None
) -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(protocol, LOOPBACK, 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        connections.abort()


class _Page(asyncio.Protocol):
    def __init__(self, connections: Connections, page: bytes, drips_every: float) -> None:
        self._connections = connections
        self._page = page
        self._drips_every = drips_every

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = self._connections.add(transport)

    def data_received(self, data: bytes) -> None:
        length = len(self._page)
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        if self._drips_every:
            drip(self._transport, head.encode() + self._page, self._drips_every)
            return
        self._transport.write(head.encode() + self._page)
        self._transport.close()


def drip(transport: asyncio.Transport, words: bytes, every: float) -> None:
    """Byte by byte, so many seconds apart, then the end; until the other side has had enough."""
    if transport.is_closing():
        return
    transport.write(words[:1])
    if words[1:]:
        asyncio.get_running_loop().call_later(every, drip, transport, words[1:], every)
    else:
        transport.close()


ROUND_TRIP = 0.5
"""Seconds until the reset, so that a busy client has seen the connection open before."""


class _Resetting(asyncio.Protocol):
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        at_once = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        asyncio.get_running_loop().call_later(ROUND_TRIP, self._connections.add(transport).abort)
