"""HTTP/1.1, as much of it as an echo takes: `GET /e?n=<nonce>`, its preflight, and `/healthz`.

Requests have no bodies, so one is its head; whatever does not fit is answered shortly and ends the connection.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import asdict
from http import HTTPStatus

import httptools

from diagnostics.echo import NONCE, Echo, Way, sign
from diagnostics.responder.conversation import Conversation

END_OF_HEAD = b"\r\n\r\n"
LONGEST_VALUE = 200
"""Characters of what proxies wrote; see `Echo`."""
METHODS = "GET, OPTIONS"


class HttpConversation(Conversation):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        self._tls = tls.version() or "" if tls else ""
        self._request = _Request()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._request.release()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        longest = self.config.limits.request_bytes
        while not self.transport.is_closing():
            end = self.buffer.find(END_OF_HEAD, 0, longest)
            if end < 0:
                break
            end += len(END_OF_HEAD)
            head, self.buffer = self.buffer[:end], self.buffer[end:]
            self._take(head)
        if self.transport.is_closing():
            self.buffer = b""
        elif len(self.buffer) >= longest:
            self._say(_Answer(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE), ends=True)

    def _take(self, head: bytes) -> None:
        if not self.witness.admits(self.source):
            self._say(_Answer(HTTPStatus.TOO_MANY_REQUESTS), ends=True)
            return
        request = self._request
        if not request.read(head):
            self._say(_Answer(HTTPStatus.BAD_REQUEST), ends=True)
            return
        if request.has_body:
            self._say(_Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE), ends=True)
            return
        answer = self._answer_to(request)
        ends = not request.keeps_alive or _is_alone(request.url)
        self._say(answer, ends=ends, bodiless=request.method == b"HEAD")

    def _answer_to(self, request: _Request) -> _Answer:
        path, query = _target(request.url)
        if path not in (b"/e", b"/healthz"):
            return _Answer(HTTPStatus.NOT_FOUND)
        if request.method == b"OPTIONS":
            return _Answer(HTTPStatus.NO_CONTENT, tuple(_preflight(request)))
        if request.method != b"GET":
            return _Answer(HTTPStatus.METHOD_NOT_ALLOWED, (("Allow", METHODS),))
        if path == b"/healthz":
            return _Answer(HTTPStatus.OK, body=b'{"status":"ok"}', kind="application/json")
        nonce = _nonce(query)
        if nonce is None:
            return _Answer(HTTPStatus.BAD_REQUEST)
        echo = self.witness.sees(
            nonce,
            self.port,
            self.source,
            Way.HTTPS if self._tls else Way.HTTP,
            tls=self._tls,
            via=request.header(b"via"),
            forwarded=request.header(b"x-forwarded-for"),
        )
        if echo is None:
            return _Answer(HTTPStatus.TOO_MANY_REQUESTS)
        return _Answer(HTTPStatus.OK, body=_echoed(echo, self.config.key), kind="application/json")

    def _say(self, answer: _Answer, *, ends: bool, bodiless: bool = False) -> None:
        self.transport.write(answer.packed(self.config.portal, ends=ends, bodiless=bodiless))
        if ends:
            self.transport.close()


class _Request:
    """What httptools reads of a connection's heads, one after the other."""

    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)

    def release(self) -> None:
        """The parser holds on to this, and this to the parser."""
        del self._parser

    def read(self, head: bytes) -> bool:
        """Whether it is the head of a request; if so, everything here is about it."""
        self.url = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.keeps_alive = False
        self._whole = False
        try:
            self._parser.feed_data(head)
        except httptools.HttpParserUpgrade:
            self.keeps_alive = False  # Declined (RFC 9110 section 7.8): the answer is the usual one, and the last.
        except httptools.HttpParserError:
            return False
        self.method = self._parser.get_method()
        return self._whole

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._whole = True
        self.keeps_alive = self._parser.should_keep_alive()

    @property
    def has_body(self) -> bool:
        return any(
            name == b"transfer-encoding" or (name == b"content-length" and value.strip(b"0 \t"))
            for name, value in self.headers
        )

    def header(self, name: bytes) -> str:
        """What all headers of that name say: printable ASCII, and not at length."""
        said = b", ".join(value for its_name, value in self.headers if its_name == name).decode("latin-1")
        return "".join(c if " " <= c <= "~" else "?" for c in said[:LONGEST_VALUE])


class _Answer:
    """One response; what says no says so in words, for whoever looks at it in a browser."""

    def __init__(
        self,
        status: HTTPStatus,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes | None = None,
        kind: str = "text/plain; charset=utf-8",
    ) -> None:
        self._status = status
        self._headers = headers
        self._body = body
        self._kind = kind

    def packed(self, portal: str, *, ends: bool, bodiless: bool) -> bytes:
        """The bytes to send. Only pages of the portal may read them."""
        body = self._body
        if body is None:
            body = f"{self._status.phrase}. This is a test point of {portal}; it only answers port tests.\n".encode()
        lines = [
            f"HTTP/1.1 {self._status.value} {self._status.phrase}",
            f"Access-Control-Allow-Origin: {portal}",
            "Vary: Origin",
            f"Timing-Allow-Origin: {portal}",
            "Cache-Control: no-store",
            "X-Content-Type-Options: nosniff",
            *(f"{name}: {value}" for name, value in self._headers),
        ]
        if self._status is HTTPStatus.NO_CONTENT:
            body = b""
        else:
            lines += [f"Content-Type: {self._kind}", f"Content-Length: {len(body)}"]
        lines.append("Connection: close" if ends else "Connection: keep-alive")
        return "\r\n".join([*lines, "", ""]).encode() + (b"" if bodiless else body)


def _echoed(echo: Echo, key: bytes) -> bytes:
    return json.dumps({**asdict(echo), "signed": sign(echo, key)}, separators=(",", ":")).encode()


def _preflight(request: _Request) -> Iterable[tuple[str, str]]:
    """Echoes need none; a browser that still asks before it enters another network is told yes."""
    yield "Access-Control-Allow-Methods", "GET"
    for network in ("private", "local"):
        if request.header(f"access-control-request-{network}-network".encode()) == "true":
            yield f"Access-Control-Allow-{network.title()}-Network", "true"


def _target(url: bytes) -> tuple[bytes, bytes]:
    """Path and query; a proxy may have left the whole address in place (RFC 9112 section 3.2.2)."""
    scheme, found, rest = url.partition(b"://")
    if found and scheme.lower() in (b"http", b"https"):
        authority, slash, path = rest.partition(b"/")
        url = slash + path
    path, _, query = url.partition(b"?")
    return path, query


def _is_alone(url: bytes) -> bool:
    """Whether the connection is to end with the answer (`&once`).

    A page cannot ask for a connection of its own in another way, and its second try must not ride on the first.
    """
    return b"once" in _target(url)[1].split(b"&")


def _nonce(query: bytes) -> str | None:
    """The one `n` of the query; None where there is none that a test could have."""
    given = [part[2:] for part in query.split(b"&") if part.startswith(b"n=")]
    nonce = given[0].decode("latin-1") if len(given) == 1 else ""
    return nonce if NONCE.fullmatch(nonce) else None
