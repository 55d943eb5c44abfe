"""A company's explicit proxy, as it is commonly set up: it connects to port 443 and to nothing else."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter

AWAY = 0.02
"""Seconds to it and back, at least. Where everything runs on one machine a refusal may come sooner than any network can
bring it, and a browser that hears one so soon is right to suspect itself.
"""


async def proxy(reader: StreamReader, writer: StreamWriter) -> None:
    request = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0].decode("ascii")
    method, target, _ = request.split(" ")
    host, _, port = target.rpartition(":")
    await asyncio.sleep(AWAY)
    if (method, port) != ("CONNECT", "443"):
        writer.write(_refusal("403 Forbidden"))
        return
    try:
        there, onward = await asyncio.open_connection(host, int(port))
    except OSError:
        writer.write(_refusal("502 Bad Gateway"))
        return
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    try:
        await asyncio.gather(_carry(reader, onward), _carry(there, writer))
    finally:
        onward.close()


async def _carry(source: StreamReader, sink: StreamWriter) -> None:
    while octets := await source.read(65536):
        sink.write(octets)
        await sink.drain()
    sink.write_eof()


def _refusal(status: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
