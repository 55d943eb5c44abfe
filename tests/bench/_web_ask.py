"""Asks a server over kept-alive connections, on each again as soon as it has answered; prints what came of it as JSON.

A process of its own, without Django, so that asking costs little beside answering. Reads from standard input
`{"port", "seconds", "requests", "status"}`: one connection for each request (text), all answers with that status.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time

HEAD_END = b"\r\n\r\n"
SILENT = 30.0


class Connection:
    """One request at a time, always the same one."""

    def __init__(self, port: int, request: bytes, status: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=SILENT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request = request
        self.start = b"HTTP/1.1 " + status
        self.ask()

    def ask(self) -> None:
        self.asked = time.perf_counter()
        self.heard = b""
        self.socket.sendall(self.request)

    def answered(self) -> bool:
        """Whether the answer is complete with what can be read now."""
        more = self.socket.recv(65536)
        if not more:
            raise RuntimeError(f"the server hung up after {self.heard[:500]!r}")
        self.heard += more
        head, end, body = self.heard.partition(HEAD_END)
        if not end:
            return False
        if not head.startswith(self.start):
            raise RuntimeError(f"not {self.start!r}: {self.heard[:2000]!r}")
        _, _, length = head.lower().partition(b"content-length: ")
        return len(body) >= int(length.partition(b"\r\n")[0] or 0)


def main() -> None:
    told = json.load(sys.stdin)
    connections = [Connection(told["port"], one.encode(), str(told["status"]).encode()) for one in told["requests"]]
    took: list[float] = []
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        began = time.perf_counter()
        until = began + told["seconds"]
        while (now := time.perf_counter()) < until:
            ready = selector.select(SILENT)
            if not ready:
                raise RuntimeError(f"no answer within {SILENT} s")
            for key, _ in ready:
                if key.data.answered():
                    took.append(time.perf_counter() - key.data.asked)
                    key.data.ask()
    took.sort()
    rate = len(took) / (now - began)
    print(json.dumps({"rate": rate, "answers": len(took), "p95": took[int(0.95 * len(took))]}))


if __name__ == "__main__":
    main()
