"""Helpdesks on loopback that speak the documented interfaces and remember every note; their faults are written down."""

from __future__ import annotations

import base64
import html
import json
import re
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

USER, KEY = "notes@example.org", "key-1"
SECRET = "whsec_" + base64.b64encode(b"a secret of the tests of 32 byte").decode()


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request that writes. `taken`: the note is kept all the same."""

    status: int = 0
    """0: no answer at all, the connection is cut."""
    taken: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    after: float = 0.0
    content: bytes = b"{}"


@dataclass(frozen=True)
class Note:
    ticket: str
    text: str
    public: bool


@dataclass
class Desk:
    """Runs while its `with` block does. `tickets` are those that exist; `faults` are used up from the front."""

    tickets: set[str] = field(default_factory=lambda: {"4711", "HELP-12"})
    notes: list[Note] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    reading_faults: list[Fault] = field(default_factory=list)
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def __enter__(self) -> Desk:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def other_notes(self, count: int, ticket: str = "4711", *, public: bool = True) -> None:
        """What others wrote on the ticket."""
        self.notes += [Note(ticket, f"note {number} of somebody else", public) for number in range(count)]

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        """Status and content, by the helpdesks' documentation."""
        if found := re.fullmatch(r"/api/v2/tickets/(\d+)(\.json)?", path):
            comment = body["ticket"]["comment"]
            return self._write(method == "PUT", found[1], html.unescape(comment["html_body"]), comment["public"])
        if found := re.fullmatch(r"/api/v2/tickets/(\d+)/comments", path):
            newest = query["sort_order"] == ["desc"]
            return self._read(
                found[1],
                query,
                lambda notes: {
                    "comments": [
                        {"html_body": note.text, "plain_body": note.text, "public": note.public} for note in notes
                    ]
                },
                newest_first=newest,
            )
        if found := re.fullmatch(r"/api/v2/tickets/(\d+)/notes", path):
            return self._write(method == "POST", found[1], html.unescape(body["body"]), not body["private"], 201)
        if found := re.fullmatch(r"/api/v2/tickets/(\d+)/conversations", path):
            return self._read(
                found[1],
                query,
                lambda notes: [{"body_text": note.text, "private": not note.public} for note in notes],
            )
        if found := re.fullmatch(r"/rest/servicedeskapi/request/([A-Z]+-\d+)/comment", path):
            if method == "POST":
                return self._write(True, found[1], body["body"], body["public"], 201)
            return self._read_from(found[1], query)
        if found := re.fullmatch(r"/desk/tickets/([^/]+)/notes", path):
            return self._write(method == "POST", unquote(found[1]), body["text"], not body["internal"], 201)
        if found := re.fullmatch(r"/desk/tickets/([^/]+)/notes/([^/]+)", path):
            known = any(note.ticket == unquote(found[1]) and found[2] in note.text for note in self.notes)
            return (200, {"note_id": found[2]}) if known else (404, {})
        return 404, {"error": "RecordNotFound"}

    def _write(self, right: bool, ticket: str, text: str, public: bool, status: int = 200) -> tuple[int, Any]:
        if not right:
            return 405, {}
        if ticket not in self.tickets:
            return 404, {"error": "RecordNotFound"}
        self.notes.append(Note(ticket, text, public))
        return status, {"id": len(self.notes)}

    def _read(
        self, ticket: str, query: dict[str, list[str]], shown: Any, *, newest_first: bool = False
    ) -> tuple[int, Any]:
        if ticket not in self.tickets:
            return 404, {}
        mine = [note for note in self.notes if note.ticket == ticket]
        mine = mine[::-1] if newest_first else mine
        size, page = int(query["per_page"][0]), int(query["page"][0])
        return 200, shown(mine[(page - 1) * size : page * size])

    def _read_from(self, ticket: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        if ticket not in self.tickets:
            return 404, {}
        mine = [note for note in self.notes if note.ticket == ticket and not note.public]
        start, limit = int(query["start"][0]), min(int(query["limit"][0]), 50)
        values = [{"body": note.text, "public": note.public} for note in mine[start : start + limit]]
        return 200, {"values": values, "start": start, "isLastPage": start + limit >= len(mine)}


def _handler(desk: Desk) -> type[BaseHTTPRequestHandler]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            url = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            if len(raw) < length:
                return None  # who asked has ended in the middle of it
            headers = {name.lower(): value for name, value in self.headers.items()}
            with lock:
                desk.seen.append((self.command, self.path, headers))
                faults = desk.reading_faults if self.command == "GET" else desk.faults
                fault = faults.pop(0) if faults else None
                if fault is None or fault.taken:
                    status, content = desk.answer(
                        self.command, url.path, parse_qs(url.query), json.loads(raw) if raw else None
                    )
            if fault is not None:
                time.sleep(fault.after)
                if fault.status == 0:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                    return None
                return self._send(fault.status, fault.content, dict(fault.headers))
            self._send(status, json.dumps(content).encode(), {})
            return None

        def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            with suppress(ConnectionError):  # the other side had enough
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = _serve  # noqa: N815 - the names that the base class looks for

        def log_message(self, *args: Any) -> None:
            """Not on standard error."""

    return Handler
