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
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field
from functools import partial

from diagnostics.net.config import Endpoint
from diagnostics.net.dns_fallback import read_any
from diagnostics.net.dns_message import Message, Question, Unsure, query, read

QUESTIONS_AT_ONCE = 16
"""Questions that wait at one socket before another is opened."""
MAX_SOCKETS = 64
MAX_QUESTIONS = 100
"""Questions that a socket is used for; a burst of more ends with it, if there is no other."""
MAX_SECONDS = 10.0
"""How long a socket is used."""
GRAIN = 0.02
"""Seconds between two looks for questions whose time is over."""
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


class LoopEnded(ConnectionAbortedError):
    """Nobody is left to wait for an answer."""


Told = Callable[[Message | OSError], None]
"""Hears what became of a question: the first answer to that very question, or why there is none. TimeoutError is one
of the reasons. Must not raise.
"""


@dataclass(slots=True)
class Sockets:
    """The sockets to one name server, on one event loop."""

    server: Endpoint
    _open: list[_Socket] = field(default_factory=list)
    _closing: set[_Socket] = field(default_factory=set)
    """Used no more, but somebody still waits for an answer there."""
    _opening: int = 0
    _opened: asyncio.Event = field(default_factory=asyncio.Event)
    _growing: asyncio.Task[None] | None = None
    _ending: dict[int, set[_Awaited]] = field(default_factory=dict)
    """Questions without an answer, by the moment at which their time is over, in steps of `GRAIN`."""
    _waiting: int = 0
    """How many they are."""
    _queued: int = 0
    """Questions that wait for a socket."""

    def ask_at_once(self, question: Question, until: float, told: Told) -> bool:
        """Ask without waiting for a socket; False, and nothing asked, where none is open or too much is asked already.

        `told` may be called before this returns, and hears of a TimeoutError when the loop's clock says `until`.
        """
        if not self._open or self._waiting + self._queued >= MAX_SOCKETS * QUESTIONS_AT_ONCE:
            return False
        self._any().ask(question, until, told, edns=True)
        return True

    async def ask(self, question: Question, until: float, *, edns: bool) -> Message:
        """The first answer to that very question.

        Raises TimeoutError when the loop's clock says `until`, and OSError at once where the server is not reachable.
        """
        self._queued += 1
        try:
            if len(self._open) < self._enough():
                await self._make_room()
        finally:
            self._queued -= 1
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        awaited = self._any().ask(question, until, partial(_settle, answer), edns=edns)
        try:
            return await answer
        finally:
            awaited.forget()

    def _any(self) -> _Socket:
        one = self._open[next(_numbers) % len(self._open)]
        if (one.used_up or len(self._open) < self._enough()) and not self._growing:
            self._growing = asyncio.get_running_loop().create_task(self._grow())
        return one

    def _enough(self) -> int:
        """How many sockets the questions are worth."""
        return min(1 + (self._waiting + self._queued) // QUESTIONS_AT_ONCE, MAX_SOCKETS)

    async def _grow(self) -> None:
        """Room for the next ones. Those who find none hear why."""
        try:
            with suppress(OSError):
                while self._opening + sum(not one.used_up for one in self._open) < self._enough():
                    await self._open_one()
        finally:
            self._growing = None

    def close(self) -> None:
        """Whoever still waits for an answer hears of LoopEnded."""
        self.fail(LoopEnded("the event loop has ended"))

    async def _make_room(self) -> None:
        if len(self._open) + self._opening < self._enough():
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
            await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Socket(self), sock=connected)
        finally:
            self._opening -= 1
            self._opened.set()

    def opened(self, another: _Socket) -> None:
        self._open.append(another)
        for one in [one for one in self._open if one.used_up]:
            self.retire(one)

    def ending_at(self, until: float) -> set[_Awaited]:
        """Where to wait for that moment of the loop's clock, or one hardly later: a timer for each question would cost
        half as much as sending it.
        """
        moment = int(until / GRAIN) + 1
        together = self._ending.get(moment)
        if together is None:
            together = self._ending[moment] = set()
            asyncio.get_running_loop().call_at(moment * GRAIN, self._out_of_time, moment)
        return together

    def _out_of_time(self, moment: int) -> None:
        for waits in tuple(self._ending.pop(moment)):
            waits.end(TimeoutError("no answer in time"))

    def began(self) -> None:
        self._waiting += 1

    def ended(self) -> None:
        self._waiting -= 1

    def retire(self, used: _Socket) -> None:
        """Take no more questions there, unless no other takes any, or too many wait for their last answers."""
        if used.awaited and (self._open == [used] or len(self._closing) >= MAX_SOCKETS):
            return
        if used in self._open:
            self._open.remove(used)
            self._closing.add(used)
        if not used.awaited:
            self._closing.discard(used)
            used.close()

    def fail(self, problem: OSError) -> None:
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
    """A question that was sent."""

    socket: _Socket
    number: int
    question: Question
    asked: bytes
    told: Told
    together: set[_Awaited]
    """Those whose time is over at the same moment."""

    def end(self, outcome: Message | OSError) -> None:
        if self.forget():
            self.told(outcome)

    def forget(self) -> bool:
        """Wait no longer; whether anybody still did."""
        return self.socket.forget(self)


class _Socket(asyncio.DatagramProtocol):
    """One socket, its questions by their numbers."""

    def __init__(self, all_of_them: Sockets) -> None:
        self.awaited: dict[int, _Awaited] = {}
        self._all = all_of_them
        self._uses = 0
        self._loop = asyncio.get_running_loop()

    @property
    def used_up(self) -> bool:
        return self._uses >= MAX_QUESTIONS

    def ask(self, question: Question, until: float, told: Told, *, edns: bool) -> _Awaited:
        while (number := next(_numbers)) in self.awaited:
            pass
        asked = query(number, question, edns=edns)
        together = self._all.ending_at(until)
        mine = self.awaited[number] = _Awaited(self, number, question, asked, told, together)
        together.add(mine)
        self._all.began()
        self._uses += 1
        if self.used_up:
            self._all.retire(self)
        try:
            self._transport.sendto(asked)
        except BaseException:
            mine.forget()
            raise
        return mine

    def forget(self, awaited: _Awaited) -> bool:
        if self.awaited.get(awaited.number) is not awaited:
            return False
        del self.awaited[awaited.number]
        awaited.together.discard(awaited)
        self._all.ended()
        if not self.awaited and self.used_up:
            self._all.retire(self)
        return True

    def fail(self, problem: OSError) -> None:
        for waits in tuple(self.awaited.values()):
            waits.end(copy(problem))

    def close(self) -> None:
        self._age.cancel()
        self._transport.close()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport
        self._age = self._loop.call_later(MAX_SECONDS, self._grow_old)
        self._all.opened(self)

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        waits = self.awaited.get(int.from_bytes(data[:2]))
        if waits is None:
            return
        try:
            answer: Message | None = read(data, waits.question)
        except Unsure:
            answer = read_any(data, waits.asked)
        if answer is not None:  # else wait on for the real answer
            waits.end(answer)

    def error_received(self, exc: Exception) -> None:
        problem = exc if isinstance(exc, OSError) else OSError(str(exc))
        if problem.errno in _NOBODY_THERE:
            self._all.fail(problem)
        else:  # the packet could not be sent, for example by a firewall of ours
            self.fail(problem)
            self._grow_old()

    def connection_lost(self, exc: Exception | None) -> None:
        self.fail(ConnectionAbortedError("the socket was closed"))

    def _grow_old(self) -> None:
        self._uses = MAX_QUESTIONS
        self._all.retire(self)


_NOBODY_THERE = frozenset({errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH})


def _settle(answer: asyncio.Future[Message], outcome: Message | OSError) -> None:
    if answer.done():
        return
    if isinstance(outcome, OSError):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)
