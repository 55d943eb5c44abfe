"""A door between a process and a server, through which nothing passes while it is shut: a network that is cut."""

from __future__ import annotations

import selectors
import socket
import threading
from dataclasses import dataclass
from types import TracebackType

MOST_AT_ONCE = 65536


@dataclass
class Gate:
    """Listens on loopback while the `with` block runs and passes everything on to a Unix socket.

    Shut, it still takes connections and keeps those it has, but no byte comes through, and no word that it will not.
    """

    server: str

    def __enter__(self) -> Gate:
        self._open = threading.Event()
        self._open.set()
        self._ended = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = True
        self._open.set()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def connections(self) -> int:
        """How many there have been."""
        return len(self._threads) - 1

    def shut(self) -> None:
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    def _accept(self) -> None:
        while not self._ended:
            try:
                near, _address = self._listener.accept()
            except TimeoutError:
                continue
            thread = threading.Thread(target=self._carry, args=(near,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _carry(self, near: socket.socket) -> None:
        self._open.wait()
        with near, socket.socket(socket.AF_UNIX) as far, selectors.DefaultSelector() as either:
            far.connect(self.server)
            either.register(near, selectors.EVENT_READ, far)
            either.register(far, selectors.EVENT_READ, near)
            while not self._ended:
                for key, _events in either.select(0.1):
                    assert isinstance(key.fileobj, socket.socket)
                    try:
                        octets = key.fileobj.recv(MOST_AT_ONCE)
                        self._open.wait()
                        key.data.sendall(octets)
                    except OSError:
                        return
                    if not octets:
                        return
