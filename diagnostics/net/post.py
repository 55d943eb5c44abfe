"""One POST over the guarded dialer: to one host, without following redirects, and a short look at the answer.

Who is posted to was chosen by the vendor's own staff, but a name in DNS may lead anywhere at any time: so the name is
looked up once, the guard sees every address, the connection goes to that very address, and TLS is verified against the
name.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from time import perf_counter

import h11

from diagnostics.domain import ConnectOutcome
from diagnostics.net.dialer import Dialer
from diagnostics.net.tls import problem_text, start_tls, verifying_context
from diagnostics.plain import plain

SECONDS = 15.0
"""For everything together: looking the name up, connecting, TLS, sending, and the answer's head."""
BODY_SECONDS = 2.0
"""How long the body of an answer is listened to; its status is known by then, and that is what counts."""
MOST_READ = 4096
"""Octets of an answer's body."""
LONGEST_HEAD = 16 * 1024
MOST_EVENTS = 100
"""Parts of an answer: a host that sends `100 Continue` without end would keep the loop busy."""
LONGEST_TEXT = 300


@dataclass(frozen=True, slots=True)
class Posted:
    """`status` None without an answer, then `detail` says why; `text` is the beginning of the answer's body."""

    outcome: ConnectOutcome
    status: int | None = None
    text: str = ""
    detail: str = ""
    retry_after: str = ""
    address: str = ""
    elapsed_ms: int = 0


async def post(
    dialer: Dialer,
    host: str,
    port: int,
    target: str,
    *,
    headers: Mapping[str, str],
    body: bytes,
    tls: bool = True,
    seconds: float = SECONDS,
) -> Posted:
    """What `host` said to the body that was posted to `target`, a path with its query.

    Raises OSError only where this machine itself has no sockets left.
    """
    started = perf_counter()
    request = _request(host, port, target, {**headers, "Content-Length": str(len(body))}, tls)
    deadline = asyncio.get_running_loop().time() + seconds
    try:
        async with asyncio.timeout_at(deadline):
            posted = await _post(dialer, host, port, request, body, tls, deadline)
    except TimeoutError:
        posted = Posted(ConnectOutcome.FILTERED, detail=f"no answer within {seconds:g} seconds")
    return replace(posted, elapsed_ms=round((perf_counter() - started) * 1000))


async def _post(
    dialer: Dialer, host: str, port: int, request: h11.Request, body: bytes, tls: bool, deadline: float
) -> Posted:
    dialled = await dialer.dial(host, port, _Reply)
    if dialled.link is None:
        return Posted(dialled.outcome, detail=dialled.detail, address=dialled.address)
    transport, reply = dialled.link.transport, dialled.link.protocol
    failed = Posted(ConnectOutcome.TLS_FAILURE if tls else ConnectOutcome.OPEN, address=dialled.address)
    try:
        if tls:
            transport = await start_tls(transport, reply, host, verifying_context(dialer.config.ca_file))
            failed = replace(failed, outcome=ConnectOutcome.OPEN)
        transport.write(reply.send(request, body))
        return replace(await reply.read(deadline), address=dialled.address)
    except ConnectionAbortedError:  # asyncio's own time limit for handshakes
        return replace(failed, detail="no TLS answer in time")
    except ssl.SSLError as problem:
        return replace(failed, detail=problem_text(problem))
    except h11.RemoteProtocolError:
        return replace(failed, detail="not an HTTP answer")
    except OSError:
        return replace(failed, detail="connection closed")
    finally:
        transport.abort()


def _request(host: str, port: int, target: str, headers: Mapping[str, str], tls: bool) -> h11.Request:
    name = f"[{host}]" if ":" in host else host
    authority = name if port == (443 if tls else 80) else f"{name}:{port}"
    return h11.Request(
        method="POST", target=target, headers=[("Host", authority), *headers.items(), ("Connection", "close")]
    )


class _Reply(asyncio.Protocol):
    """Reads one HTTP response: first its head, and then as much of the body as we care for."""

    def __init__(self) -> None:
        self._head: asyncio.Future[h11.Response] = asyncio.get_running_loop().create_future()
        self._head.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may wait for it
        self._whole = asyncio.Event()
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST_HEAD)
        self._body = b""
        self._events = 0

    def send(self, request: h11.Request, body: bytes) -> bytes:
        events = (request, h11.Data(data=body), h11.EndOfMessage())
        return b"".join(self._http.send(event) or b"" for event in events)

    async def read(self, deadline: float) -> Posted:
        """The answer, with as much of its body as came in time. Raises OSError, h11.RemoteProtocolError."""
        response = await self._head
        now = asyncio.get_running_loop().time()
        with suppress(TimeoutError):  # an answer that does not end is as good as its status
            # A little before the deadline, so that it ends the listening and not the whole.
            await asyncio.wait_for(self._whole.wait(), min(BODY_SECONDS, deadline - now - 0.05))
        return Posted(
            ConnectOutcome.OPEN,
            response.status_code,
            plain(self._body.replace(b"\r", b""), LONGEST_TEXT),
            retry_after=next((plain(value, 40) for name, value in response.headers if name == b"retry-after"), ""),
        )

    def data_received(self, data: bytes) -> None:
        self._read(data)

    def eof_received(self) -> None:
        self._read(b"")

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc if isinstance(exc, OSError) else ConnectionResetError("connection closed"))

    def _read(self, data: bytes) -> None:
        try:
            self._http.receive_data(data)
            while not self._whole.is_set():
                self._events += 1
                if self._events > MOST_EVENTS:
                    self._end(h11.RemoteProtocolError("too many parts"))
                    return
                match self._http.next_event():
                    case h11.Response() as response:
                        self._head.set_result(response)
                    case h11.Data(data=part):
                        self._body += part[: MOST_READ - len(self._body)]
                        if len(self._body) == MOST_READ:
                            self._whole.set()
                    case h11.EndOfMessage():
                        self._whole.set()
                    case h11.InformationalResponse():
                        continue
                    case _:
                        return
        except h11.RemoteProtocolError as problem:
            silent = not data and self._events <= 1
            self._end(ConnectionResetError("closed without a word") if silent else problem)

    def _end(self, problem: Exception) -> None:
        """Nothing more comes: whoever waits for the head hears why, and what came of the body stands."""
        if not self._head.done():
            self._head.set_exception(problem)
        self._whole.set()
