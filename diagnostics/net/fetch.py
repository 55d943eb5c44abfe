"""One HTTPS GET over the guarded dialer: one host, one path, no redirects, a short answer."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, replace

import h11

from diagnostics.domain import ConnectOutcome
from diagnostics.net.dialer import Dialer
from diagnostics.net.tls import problem_text, session, start_tls, verifying_context
from diagnostics.plain import plain

LONGEST = 64 * 1024
"""Octets of an answer's body."""
LONGEST_WITH_HEAD = LONGEST + 16 * 1024
MOST_EVENTS = 500
"""Parts of an answer: a host that sends it octet by octet, or `100 Continue` without end, would keep the loop busy."""
SECONDS = 5.0
"""For the TLS handshake and the answer together; connecting has the dialer's limits."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """`status` 0 without an answer; `text` is empty unless the status is 200."""

    outcome: ConnectOutcome
    status: int = 0
    text: str = ""
    detail: str = ""
    issuer: str = ""
    address: str = ""
    in_time: bool = True
    """False where it was connected, and the answer took longer than we wait."""


async def fetch(dialer: Dialer, host: str, port: int, path: str, *, accept: str, seconds: float = SECONDS) -> Fetched:
    """What `https://host:port/path` says. Raises OSError only where this machine itself has no sockets left."""
    dialled = await dialer.dial(host, port, lambda: _Reply(asyncio.get_running_loop().create_future()))
    if dialled.link is None:
        return Fetched(dialled.outcome, detail=dialled.detail)
    link, transport = dialled.link, dialled.link.transport
    failed = Fetched(ConnectOutcome.TLS_FAILURE)
    try:
        async with asyncio.timeout(seconds):
            transport = await start_tls(link.transport, link.protocol, host, verifying_context(dialer.config.ca_file))
            failed = Fetched(ConnectOutcome.OPEN)
            transport.write(link.protocol.request(host, path, accept))
            return replace(await link.protocol.answer, issuer=session(transport)[1], address=dialled.address)
    except (TimeoutError, ConnectionAbortedError):  # The second is asyncio's own time limit for handshakes.
        return replace(failed, detail="no answer in time", in_time=False)
    except ssl.SSLError as problem:
        return replace(failed, detail=problem_text(problem))
    except OSError:
        return replace(failed, detail="connection closed")
    finally:
        transport.abort()


class _Reply(asyncio.Protocol):
    """Reads one HTTP response; `answer` comes once it is whole, too long, or cannot be one."""

    def __init__(self, answer: asyncio.Future[Fetched]) -> None:
        self.answer = answer
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST)
        self._status = 0
        self._body = b""
        self._octets = 0
        self._events = 0

    def request(self, host: str, path: str, accept: str) -> bytes:
        headers = [("Host", host), ("Accept", accept), ("Connection", "close")]
        head = self._http.send(h11.Request(method="GET", target=path, headers=headers)) or b""
        return head + (self._http.send(h11.EndOfMessage()) or b"")

    def data_received(self, data: bytes) -> None:
        self._read(data)

    def eof_received(self) -> None:
        self._read(b"")

    def connection_lost(self, exc: Exception | None) -> None:
        self._end("connection closed")

    def _read(self, data: bytes) -> None:
        self._octets += len(data)
        if self._octets > LONGEST_WITH_HEAD:
            self._end("too long")
            return
        try:
            self._http.receive_data(data)
            while not self.answer.done():
                self._events += 1
                if self._events > MOST_EVENTS:
                    self._end("too many parts")
                    return
                match self._http.next_event():
                    case h11.Response(status_code=status):
                        self._status = status
                    case h11.Data(data=part):
                        self._body += part
                        if len(self._body) > LONGEST:
                            self._end("too long")
                    case h11.EndOfMessage():
                        self._end("")
                    case h11.InformationalResponse():
                        continue
                    case _:
                        return
        except h11.RemoteProtocolError:
            self._end("not an HTTP answer")

    def _end(self, detail: str) -> None:
        if self.answer.done():
            return
        text = plain(self._body.replace(b"\r", b""), LONGEST) if self._status == 200 and not detail else ""
        self.answer.set_result(Fetched(ConnectOutcome.OPEN, self._status, text, detail))
