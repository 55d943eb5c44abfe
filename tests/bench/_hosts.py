"""The hosts of the benchmarks' world: mail servers with STARTTLS, open ports, and DNS over TCP; each answer late.

A connection is taken at once, as the kernel does it; whatever is sent on it is answered `delay` seconds after it came,
the first flight of TLS too. It is `python -m tests.bench._hosts`, like `_names`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from itertools import count
from pathlib import Path
from typing import IO

import uvloop

from tests.bench import _names

GREETING = b"220 mx.test ESMTP\r\n"
BACKLOG = 4096
HELD = 256
_numbers = count(1)


class Late(asyncio.Protocol):
    """Hears now, answers later, in order."""

    def __init__(self, delay: float, seen: IO[str] | None = None) -> None:
        self.delay = delay
        self.seen = seen
        self.number = next(_numbers)
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None

    def data_received(self, data: bytes) -> None:
        self.later(self.delay, data)

    def later(self, seconds: float, data: bytes) -> None:
        asyncio.get_running_loop().call_later(seconds, self._answer, time.monotonic(), data)

    def _answer(self, asked: float, data: bytes) -> None:
        if self.transport is None:
            return
        said, last = self.answers(data)
        if said:
            if self.seen:  # first: whoever has the answer finds it there
                times = {"asked": asked, "answered": time.monotonic()}
                self.seen.write(json.dumps(times | self.about(said)) + "\n")
            self.transport.write(said)
        if last:
            self.transport.close()

    def answers(self, data: bytes) -> tuple[bytes, bool]:
        """What to say to it, and whether that was all."""
        raise NotImplementedError

    def about(self, said: bytes) -> dict[str, object]:
        """What is kept of an answer beside its times."""
        return {"connection": self.number}


class Mail(Late):
    """A mail server as far as probes talk to one: EHLO, STARTTLS, EHLO, QUIT."""

    def __init__(self, delay: float, greets_after: float, context: ssl.SSLContext, seen: IO[str] | None) -> None:
        super().__init__(delay, seen)
        self.greets_after = greets_after
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.context = context
        self.tls: ssl.SSLObject | None = None
        self.secured = False
        self.line = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.later(self.greets_after, b"")

    def answers(self, data: bytes) -> tuple[bytes, bool]:
        if not data:
            return GREETING, False
        if self.tls is None:
            return self._commands(data)
        self.incoming.write(data)
        said, last = b"", False
        try:
            if not self.secured:
                self.tls.do_handshake()
                self.secured = True
            said, last = self._commands(self.tls.read(4096))
            self.tls.write(said)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            last = True
        return self.outgoing.read(), last

    def _commands(self, data: bytes) -> tuple[bytes, bool]:
        *lines, self.line = (self.line + data).split(b"\r\n")
        said = b""
        for line in lines:
            match line[:4].upper():
                case b"EHLO":
                    said += b"250-mx.test\r\n250-PIPELINING\r\n250-SIZE 10485760\r\n"
                    said += b"250 8BITMIME\r\n" if self.tls else b"250-8BITMIME\r\n250 STARTTLS\r\n"
                case b"STAR" if not self.tls:
                    self.tls = self.context.wrap_bio(self.incoming, self.outgoing, server_side=True)
                    return b"220 go ahead\r\n", False
                case b"QUIT":
                    return said + b"221 bye\r\n", True
                case _:
                    said += b"502 not here\r\n"
        return said, False


class Names(Late):
    """DNS over TCP (RFC 7766), where somebody prefers it."""

    def __init__(self, delay: float, seen: IO[str] | None = None) -> None:
        super().__init__(delay, seen)
        self.buffer = b""

    def answers(self, data: bytes) -> tuple[bytes, bool]:
        self.buffer += data
        said = b""
        while len(self.buffer) >= 2 and len(self.buffer) >= 2 + int.from_bytes(self.buffer[:2]):
            length = int.from_bytes(self.buffer[:2])
            answered = _names.answer(self.buffer[2 : 2 + length])
            self.buffer = self.buffer[2 + length :]
            said += len(answered).to_bytes(2) + answered
        return said, False

    def about(self, said: bytes) -> dict[str, object]:
        return {"answer": said[2:].hex()}


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.num_tickets = 0  # nobody waits for them, and they would look like answers
    return context


def open_port() -> int:
    """Where connections are taken, and that is all; the last ones are held, as whoever makes one leaves first."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    held: deque[socket.socket] = deque(maxlen=HELD)

    def take() -> None:
        while True:
            held.append(listening.accept()[0])

    threading.Thread(target=take, daemon=True).start()
    port: int = listening.getsockname()[1]
    return port


async def serve(delay: float, slow: float, certificate: Path, name_ports: Iterable[int], seen: IO[str] | None) -> None:
    loop, context = asyncio.get_running_loop(), server_context(certificate)

    async def listen(make: Callable[[], Late], port: int = 0) -> int:
        server = await loop.create_server(make, "127.0.0.1", port, backlog=BACKLOG)
        found: int = server.sockets[0].getsockname()[1]
        return found

    for port in name_ports:
        await listen(partial(Names, delay, seen), port)
    ports = {
        "mail": await listen(partial(Mail, delay, delay, context, seen)),
        "slow_mail": await listen(partial(Mail, delay, slow, context, seen)),
        "open": open_port(),
    }
    _names.end_with_parent()
    print(json.dumps(ports), flush=True)
    await loop.create_future()


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--delay", type=float, default=0.02)
    arguments.add_argument("--slow", type=float, default=5.0, help="seconds until a slow mail server greets")
    arguments.add_argument("--certificate", type=Path, required=True)
    arguments.add_argument("--name-ports", type=json.loads, default=[])
    arguments.add_argument("--seen", type=argparse.FileType("w", bufsize=1))
    told = arguments.parse_args()
    uvloop.run(serve(told.delay, told.slow, told.certificate, told.name_ports, told.seen))


if __name__ == "__main__":
    main()
