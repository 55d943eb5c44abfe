"""Plays a port responder for our own server: what it asks comes back. Customers' browsers need the real one."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import h11
from django.conf import settings

from diagnostics.echo import NONCE, Echo, sign
from diagnostics.lab.ports import LOOPBACK, Connections


@asynccontextmanager
async def serving(context: ssl.SSLContext, port: int) -> AsyncIterator[int]:
    """Answer `GET /e?n=<nonce>` over TLS until the block ends, as `port` of a responder; gives the port listened on."""
    connections = Connections()
    server = await asyncio.get_running_loop().create_server(lambda: _Echo(connections, port), LOOPBACK, 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        connections.abort()


class _Echo(asyncio.Protocol):
    """One connection, for one question."""

    def __init__(self, connections: Connections, port: int) -> None:
        self._connections = connections
        self._port = port
        self._http = h11.Connection(h11.SERVER)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = self._connections.add(transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._http.receive_data(data)
            asked = self._http.next_event()
        except h11.RemoteProtocolError:
            self._transport.abort()
            return
        if isinstance(asked, h11.Request):
            status, body = _answer(asked, self._port)
            self._send(h11.Response(status_code=status, headers=_headers(body)))
            self._send(h11.Data(data=body))
            self._send(h11.EndOfMessage())
            self._transport.close()

    def _send(self, event: h11.Event) -> None:
        self._transport.write(self._http.send(event) or b"")


def _answer(asked: h11.Request, port: int) -> tuple[int, bytes]:
    target = urlsplit(asked.target.decode("ascii", "replace"))
    nonce = parse_qs(target.query).get("n", [""])[0]
    if asked.method != b"GET" or target.path != "/e":
        return 404, b"{}"
    if not NONCE.fullmatch(nonce):
        return 400, b"{}"
    signed = sign(Echo(nonce, port, LOOPBACK, time.time()), settings.RESPONDER_KEY.encode())
    return 200, json.dumps({"nonce": nonce, "signed": signed}).encode()


def _headers(body: bytes) -> list[tuple[str, str]]:
    return [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Connection", "close")]
