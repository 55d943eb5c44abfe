"""Listens on every port, and tells by a connection's first byte what it is: TLS, TURN or HTTP.

The byte is looked at, not taken, so that whoever speaks the protocol gets the connection whole.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl

from diagnostics.responder.certificate import Shown
from diagnostics.responder.config import Config
from diagnostics.responder.conversation import Conversation
from diagnostics.responder.http import HttpConversation
from diagnostics.responder.limits import Crowd, network_of, source_of
from diagnostics.responder.turn import TurnConversation
from diagnostics.responder.witness import Witness

BACKLOG = 512
AT_ONCE = 64
"""Connections taken before anything else has its turn."""
REST = 0.1
OUT_OF_SOCKETS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
TLS_HANDSHAKE = 0x16
STUN = range(4)
"""The two highest bits of a STUN message are zero, and TURN's requests are of few kinds (RFC 8489 section 5)."""
LETTERS = range(ord("A"), ord("Z") + 1)


class CannotListen(Exception):
    """A port is taken or forbidden; says which."""


class Server:
    """`listen`, then it answers until `close`. Everything happens on the running loop."""

    def __init__(self, config: Config, witness: Witness, shown: Shown | None = None) -> None:
        self.config = config
        self.witness = witness
        self.shown = shown
        self.crowd = Crowd(config.limits.connections_per_source)
        self._loop = asyncio.get_running_loop()
        self._listeners: list[socket.socket] = []
        self._visits: dict[Visit, None] = {}
        """In the order of their coming."""

    @property
    def ports(self) -> dict[int, int]:
        """The article's ports to those really listened on, which a test leaves to the system (0)."""
        listening = (listener.getsockname()[1] for listener in self._listeners)
        return dict(zip(self.config.ports, listening, strict=True))

    @property
    def open(self) -> int:
        return len(self._visits)

    def listen(self) -> None:
        """Listen on all ports, or on none. Raises CannotListen."""
        try:
            for port in self.config.ports.values():
                self._listeners.append(_listening(self.config.bind, port))
        except CannotListen:
            self.close()
            raise
        for listener, port in zip(self._listeners, self.config.ports, strict=True):
            self._loop.add_reader(listener, self._accept, listener, port)

    def close(self) -> None:
        """Listen no longer, and end every connection: what was answered is out."""
        for listener in self._listeners:
            self._loop.remove_reader(listener)
            listener.close()
        self._listeners.clear()
        for visit in list(self._visits):
            visit.end()

    def begun(self, visit: Visit) -> None:
        self._visits[visit] = None
        self.witness.counts["connections"] += 1
        if len(self._visits) > self.config.limits.connections:
            self._end_oldest()

    def ended(self, visit: Visit) -> None:
        del self._visits[visit]
        self.crowd.leave(visit.network)

    def _accept(self, listener: socket.socket, port: int) -> None:
        for _ in range(AT_ONCE):
            try:
                connection, peer = listener.accept()
            except BlockingIOError:
                return
            except OSError as problem:
                if problem.errno in OUT_OF_SOCKETS:
                    self._end_oldest()
                    self._rest(listener, port)
                    return
                continue  # The visitor had gone before we came.
            source = source_of(peer[0])
            network = network_of(source)
            if self.crowd.enter(network):
                Visit(self, connection, port, source, network).begin()
            else:
                self.witness.counts["over the limit"] += 1
                connection.close()

    def _end_oldest(self) -> None:
        for visit in self._visits:
            visit.end()
            return

    def _rest(self, listener: socket.socket, port: int) -> None:
        """No socket is left for those in the queue: they wait a moment for what the oldest leaves."""
        self._loop.remove_reader(listener)
        self._loop.call_later(REST, self._accept_again, listener, port)

    def _accept_again(self, listener: socket.socket, port: int) -> None:
        if listener in self._listeners:
            self._loop.add_reader(listener, self._accept, listener, port)


class Visit:
    """One connection, from its first packet to its end, which comes in any case."""

    def __init__(self, server: Server, connection: socket.socket, port: int, source: str, network: str) -> None:
        self.network = network
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._socket = connection
        self._port = port
        self._source = source
        self._opening: asyncio.Task[tuple[asyncio.Transport, Conversation]] | None = None
        self._transport: asyncio.Transport | None = None
        self._to_end = False
        self._over = False

    def begin(self) -> None:
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._deadline = self._loop.call_later(self._server.config.limits.connection_seconds, self.end)
        self._loop.add_reader(self._socket, self._first_byte)
        self._server.begun(self)

    def end(self) -> None:
        """At once, whatever is under way."""
        self._to_end = True
        if self._transport is not None:
            self._transport.abort()
        elif self._opening is not None:
            self._opening.cancel()
        else:
            self._turn_away()

    def _first_byte(self) -> None:
        try:
            byte = self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return
        except OSError:
            byte = b""
        first = byte[0] if byte else None
        if first == TLS_HANDSHAKE and self._server.shown:
            self._speak(HttpConversation, self._server.shown.context)
        elif first in LETTERS:
            self._speak(HttpConversation)
        elif first in STUN:
            self._speak(TurnConversation)
        else:
            self._turn_away()

    def _speak(self, language: type[Conversation], context: ssl.SSLContext | None = None) -> None:
        self._loop.remove_reader(self._socket)
        server = self._server
        opening = self._loop.connect_accepted_socket(
            lambda: language(server.config, server.witness, self._port, self._source, self._ended),
            self._socket,
            ssl=context,
            ssl_handshake_timeout=server.config.limits.connection_seconds if context else None,
        )
        self._opening = self._loop.create_task(opening)
        self._opening.add_done_callback(self._opened)

    def _opened(self, opening: asyncio.Task[tuple[asyncio.Transport, Conversation]]) -> None:
        problem = None if opening.cancelled() else opening.exception()
        if opening.cancelled() or problem:
            self._server.witness.counts["no handshake"] += 1
            self._socket.close()
            self._ended()
            if problem and not isinstance(problem, OSError):
                raise problem
        else:
            transport = opening.result()[0]
            if self._to_end:
                transport.abort()
            if not self._over:
                self._transport = transport

    def _turn_away(self) -> None:
        self._server.witness.counts["turned away"] += 1
        self._loop.remove_reader(self._socket)
        self._socket.close()
        self._ended()

    def _ended(self) -> None:
        if not self._over:
            self._over = True
            self._transport = self._opening = None
            self._deadline.cancel()
            self._server.ended(self)


def _listening(bind: str, port: int) -> socket.socket:
    """A socket that listens; on `::` it does so for IPv4 as well. Raises CannotListen."""
    listener = socket.socket(socket.AF_INET6 if ":" in bind else socket.AF_INET)
    try:
        listener.setblocking(False)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if listener.family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind((bind, port))
        listener.listen(BACKLOG)
    except OSError as problem:
        listener.close()
        raise CannotListen(f"port {port} of {bind} cannot be listened on: {problem.strerror}") from problem
    return listener
