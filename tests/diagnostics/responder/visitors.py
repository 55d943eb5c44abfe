"""Those who come to a responder: browsers, proxies, and whoever means no good."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from diagnostics.echo import Echo
from diagnostics.responder.server import Server

KEY = b"a-key-for-tests-of-at-least-32-characters"
PORTAL = "https://portal.example.org"
NONCE = "nonce-of-a-test-0123456"
PATIENCE = 30
"""Seconds, on the busiest machine; nothing that works takes a tenth of it."""


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Visitor:
    """One connection, spoken over by hand."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, said: bytes) -> None:
        self.writer.write(said)
        await self.writer.drain()

    async def hear(self, *, bodiless: bool = False) -> Answer:
        """One HTTP answer."""
        async with asyncio.timeout(PATIENCE):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            length = 0 if bodiless else int(headers.get("content-length", 0))
            return Answer(int(first.split()[1]), headers, await self.reader.readexactly(length))

    async def get(self, target: str, *headers: str, method: str = "GET") -> Answer:
        lines = [f"{method} {target} HTTP/1.1", "Host: check.example.net", *headers, "", ""]
        await self.say("\r\n".join(lines).encode())
        return await self.hear(bodiless=method == "HEAD")

    async def rest(self) -> bytes:
        """Everything up to the end of the connection, however it ends."""
        heard = b""
        async with asyncio.timeout(PATIENCE):
            try:
                while more := await self.reader.read(65536):
                    heard += more
            except (ConnectionError, ssl.SSLError):
                pass
        return heard

    async def is_closed(self) -> bool:
        return await self.rest() == b""

    def leave(self) -> None:
        self.writer.transport.abort()


@dataclass
class Point:
    """A running responder, what it would hand over, and a way in."""

    server: Server
    told: list[Echo]
    trusting: ssl.SSLContext
    visitors: list[Visitor] = field(default_factory=list)

    async def visit(self, port: int = 59777, *, tls: bool = True, host: str = "127.0.0.1") -> Visitor:
        """Connect to one of the article's ports."""
        context = self.trusting if tls else None
        async with asyncio.timeout(PATIENCE):
            streams = await asyncio.open_connection(host, self.server.ports[port], ssl=context)
        self.visitors.append(Visitor(*streams))
        return self.visitors[-1]

    async def get(self, target: str, *headers: str, port: int = 59777, tls: bool = True, method: str = "GET") -> Answer:
        """One question over a connection of its own."""
        visitor = await self.visit(port, tls=tls)
        try:
            return await visitor.get(target, *headers, method=method)
        finally:
            visitor.leave()

    until = staticmethod(until)


Start = Callable[..., AbstractAsyncContextManager[Point]]
