"""What answers in the place of our responder, or does not: one function a fault.

Each holds one connection; what serves them closes it afterwards.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from urllib.parse import parse_qs, urlsplit

from diagnostics.echo import Echo, sign
from tests.rig.plan import SIGN_IN, Port

Fault = Callable[[StreamReader, StreamWriter], Awaitable[None]]


async def silent(reader: StreamReader, writer: StreamWriter) -> None:
    """Takes what comes, says nothing."""
    while await reader.read(65536):
        pass


async def closed(reader: StreamReader, writer: StreamWriter) -> None:
    """Hangs up politely (FIN), and waits until the other side does: else its ClientHello would bring a reset."""
    writer.write_eof()
    await silent(reader, writer)


async def reset(reader: StreamReader, writer: StreamWriter) -> None:
    """Hangs up rudely (RST)."""
    held: socket.socket = writer.get_extra_info("socket")
    held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def reset_after_hello(reader: StreamReader, writer: StreamWriter) -> None:
    await reader.read(65536)
    await reset(reader, writer)


async def banner(reader: StreamReader, writer: StreamWriter) -> None:
    """Another protocol, whose server speaks first."""
    writer.write(b"220 mail.example.org ESMTP\r\n")
    await silent(reader, writer)


async def plain_http(reader: StreamReader, writer: StreamWriter) -> None:
    """A web server without TLS: it finds the ClientHello a bad request."""
    await reader.read(65536)
    writer.write(_http("400 Bad Request", "Bad Request"))
    await writer.drain()


async def sign_in_redirect(reader: StreamReader, writer: StreamWriter) -> None:
    await _request(reader)
    writer.write(_http("302 Found", "Sign in first", f"Location: https://{SIGN_IN}/"))
    await writer.drain()


async def block_page(reader: StreamReader, writer: StreamWriter) -> None:
    await _request(reader)
    writer.write(_http("403 Forbidden", "This address is blocked by your organisation."))
    await writer.drain()


async def sign_in_page(reader: StreamReader, writer: StreamWriter) -> None:
    await _request(reader)
    writer.write(_http("200 OK", "Please sign in."))
    await writer.drain()


async def forged(reader: StreamReader, writer: StreamWriter) -> None:
    """As our responder answers, to everybody, but signed with another key."""
    target = await _request(reader)
    nonce = parse_qs(urlsplit(target).query).get("n", [""])[0]
    echo = Echo(nonce, Port.FORGED, writer.get_extra_info("peername")[0], time.time())
    said = {"nonce": nonce, "port": echo.port, "source": echo.source, "signed": sign(echo, b"another key altogether")}
    cors = ("Access-Control-Allow-Origin: *", "Access-Control-Expose-Headers: *")
    writer.write(_http("200 OK", json.dumps(said), "Content-Type: application/json", *cors))
    await writer.drain()


async def _request(reader: StreamReader) -> str:
    """The request's target. Whoever does not speak HTTP is hung up on."""
    first = await reader.readexactly(1)
    if not first.isalpha():
        raise ConnectionAbortedError
    head = await reader.readuntil(b"\r\n\r\n")
    return head.split(b" ")[1].decode("ascii")


def _http(status: str, body: str, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body.encode())}", "Connection: close", *headers, "", body]
    return "\r\n".join(lines).encode()


def full_queue(address: str, port: int) -> ExitStack:
    """A listener that takes no connection, and whose queue holds all that it can: further ones get no answer."""
    held = ExitStack()
    listener = held.enter_context(socket.create_server((address, port), backlog=0))
    for _ in range(2):
        waiting = held.enter_context(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex(listener.getsockname())
    return held


async def serve(handler: Fault, address: str, port: int, tls: ssl.SSLContext | None = None) -> asyncio.Server:
    async def hold(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # whoever asked has gone
        finally:
            writer.close()

    return await asyncio.start_server(hold, address, port, ssl=tls)
