"""UDP sockets to a name server, shared by many questions.

A fresh socket for each question costs more than the question. Forging an answer stays as hard as RFC 5452 wants it: the
sockets are connected, each question takes any of them and a number that nobody can guess, and each socket soon gives
way to another with another port.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from diagnostics.net.config import Endpoint
from diagnostics.net.dns_fallback import read_any
from diagnostics.net.dns_message import Message, Question, Unsure, query, read

QUESTIONS_AT_ONCE = 16
"""Questions that wait at one socket before another is opened."""
MAX_SOCKETS = 64
MAX_QUESTIONS = 50
"""Questions that a socket is used for."""
MAX_SECONDS = 10.0
"""How long a socket is used."""
RECEIVE_BUFFER = 1 << 20
"""Bytes asked of the system, so that a burst of answers finds room; it may give less."""


def _random_numbers() -> Iterator[int]:
    """16 bits each that nobody can guess (RFC 5452 section 4), drawn many at a time.

    Every call of the system lets other threads take the interpreter, and the loop that asks would wait for it again.
    """
    while True:
        drawn = os.urandom(4096)
        for place in range(0, len(drawn), 2):
            yield int.from_bytes(drawn[place : place + 2])


_numbers = _random_numbers()
"""Of the loop's thread alone: generators take one caller at a time."""


def _draw_anew() -> None:
    global _numbers
    _numbers = _random_numbers()


os.register_at_fork(after_in_child=_draw_anew)  # else parent and child would use the same ones


def random_number() -> int:
    """For a query's id."""
    return next(_numbers)


@dataclass(slots=True)
class Sockets:
    """The sockets to one name server, on one event loop."""

    server: Endpoint
    _open: list[_Socket] = field(default_factory=list)
    _closing: set[_Socket] = field(default_factory=set)
    """Used no more, but somebody still waits for an answer there."""
    _opening: int = 0
    _opened: asyncio.Event = field(default_factory=asyncio.Event)
    _waiting: int = 0

    async def ask(self, question: Question, until: float, *, edns: bool) -> Message:
        """The first answer to that very question.

        Raises TimeoutError when the loop's clock says `until`, and OSError at once where the server is not reachable.
        """
        self._waiting += 1
        try:
            if len(self._open) * QUESTIONS_AT_ONCE < self._waiting:
                await self._make_room()
            return await self._open[next(_numbers) % len(self._open)].ask(question, until, edns=edns)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Whoever still waits for an answer gets ConnectionAbortedError."""
        self._fail(ConnectionAbortedError("the event loop has ended"))

    async def _make_room(self) -> None:
        enough = min(-(-self._waiting // QUESTIONS_AT_ONCE), MAX_SOCKETS)
        if len(self._open) + self._opening < enough:
            await self._open_one()
        while not self._open:
            if self._opening:
                self._opened.clear()  # one that was opened before, and is used up again, must not be waited for
                await self._opened.wait()
            else:
                await self._open_one()

    async def _open_one(self) -> None:
        self._opening += 1
        try:
            connected = _connected_socket(self.server)
            await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Socket(self._open.append, self._retire, self._fail), sock=connected
            )
        finally:
            self._opening -= 1
            self._opened.set()

    def _retire(self, used: _Socket) -> None:
        """Take no more questions there, unless too many others already wait for their last answers."""
        if used.awaited and len(self._closing) >= MAX_SOCKETS:
            return
        if used in self._open:
            self._open.remove(used)
            self._closing.add(used)
        if not used.awaited:
            self._closing.discard(used)
            used.close()

    def _fail(self, problem: OSError) -> None:
        """What one socket learns holds for the server: nobody waits for it any longer."""
        for used in (*self._open, *self._closing):
            used.fail(problem)
            used.close()
        self._open.clear()
        self._closing.clear()


def _connected_socket(server: Endpoint) -> socket.socket:
    """Other senders' packets never reach it, and an ICMP refusal does.

    The system draws the port, and it is hard to guess.
    """
    made = socket.socket(socket.AF_INET6 if ":" in server.address else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        made.connect((server.address, server.port))
    except OSError:
        made.close()
        raise
    return made


@dataclass(slots=True, eq=False)
class _Awaited:
    question: Question
    asked: bytes
    answer: asyncio.Future[Message]


class _Socket(asyncio.DatagramProtocol):
    """One socket, its questions by their numbers."""

    def __init__(
        self,
        opened: Callable[[_Socket], None],
        retire: Callable[[_Socket], None],
        failed: Callable[[OSError], None],
    ) -> None:
        self.awaited: dict[int, _Awaited] = {}
        self._opened = opened
        self._retire = retire
        self._failed = failed
        self._uses = 0
        self._loop = asyncio.get_running_loop()

    async def ask(self, question: Question, until: float, *, edns: bool) -> Message:
        while (number := next(_numbers)) in self.awaited:
            pass
        asked = query(number, question, edns=edns)
        answer: asyncio.Future[Message] = self._loop.create_future()
        mine = self.awaited[number] = _Awaited(question, asked, answer)
        self._uses += 1
        if self._uses >= MAX_QUESTIONS:
            self._retire(self)
        limit = self._loop.call_at(until, _out_of_time, answer)
        try:
            self._transport.sendto(asked)
            return await answer
        finally:
            limit.cancel()
            if self.awaited.get(number) is mine:
                del self.awaited[number]
            if not self.awaited and self._uses >= MAX_QUESTIONS:
                self._retire(self)

    def fail(self, problem: OSError) -> None:
        for waits in self.awaited.values():
            if not waits.answer.done():
                waits.answer.set_exception(OSError(*problem.args))
        self.awaited.clear()

    def close(self) -> None:
        self._age.cancel()
        self._transport.close()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport
        self._age = self._loop.call_later(MAX_SECONDS, self._grow_old)
        self._opened(self)

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        waits = self.awaited.get(int.from_bytes(data[:2]))
        if waits is None or waits.answer.done():
            return
        try:
            answer: Message | None = read(data, waits.question)
        except Unsure:
            answer = read_any(data, waits.asked)
        if answer is not None:  # else wait on for the real answer
            waits.answer.set_result(answer)

    def error_received(self, exc: Exception) -> None:
        problem = exc if isinstance(exc, OSError) else OSError(str(exc))
        if problem.errno in _NOBODY_THERE:
            self._failed(problem)
        else:  # the packet could not be sent, for example by a firewall of ours
            self.fail(problem)
            self._grow_old()

    def connection_lost(self, exc: Exception | None) -> None:
        self.fail(ConnectionAbortedError("the socket was closed"))

    def _grow_old(self) -> None:
        self._uses = MAX_QUESTIONS
        self._retire(self)


_NOBODY_THERE = frozenset({errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH})


def _out_of_time(answer: asyncio.Future[Message]) -> None:
    if not answer.done():
        answer.set_exception(TimeoutError("no answer in time"))
