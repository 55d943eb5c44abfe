"""Fetches a domain's MTA-STS policy: one HTTPS request to one fixed path, over the guarded dialer."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, replace

import h11

from diagnostics.domain import ConnectOutcome, PolicyFetch
from diagnostics.net.dialer import Dialer
from diagnostics.net.plain import plain
from diagnostics.net.tls import problem_text, start_tls, verifying_context

LONGEST_POLICY = 64 * 1024
"""Octets; what RFC 8461 section 3.3 advises to stop at."""
SECONDS = 5.0
"""For the TLS handshake and the answer together; connecting has the dialer's limits."""
PATH = "/.well-known/mta-sts.txt"


@dataclass(frozen=True, slots=True)
class PolicyFetcher:
    """For use on one event loop. Raises OSError only where this machine itself has no sockets left."""

    dialer: Dialer
    seconds: float = SECONDS

    async def fetch(self, domain: str) -> PolicyFetch:
        """What `https://mta-sts.<domain>/.well-known/mta-sts.txt` says; redirects are not followed."""
        host = f"mta-sts.{domain}"
        dialled = await self.dialer.dial(host, 443, lambda: _Reply(asyncio.get_running_loop().create_future()))
        if dialled.link is None:
            return PolicyFetch(dialled.outcome, detail=dialled.detail)
        link, transport = dialled.link, dialled.link.transport
        failed = PolicyFetch(ConnectOutcome.TLS_FAILURE)
        try:
            async with asyncio.timeout(self.seconds):
                context = verifying_context(self.dialer.config.ca_file)
                transport = await start_tls(link.transport, link.protocol, host, context)
                failed = PolicyFetch(ConnectOutcome.OPEN)
                transport.write(link.protocol.request(host))
                return await link.protocol.answer
        except (TimeoutError, ConnectionAbortedError):  # The second is asyncio's own time limit for handshakes.
            return replace(failed, detail="no answer in time")
        except ssl.SSLError as problem:
            return replace(failed, detail=problem_text(problem))
        except OSError:
            return replace(failed, detail="connection closed")
        finally:
            transport.abort()


class _Reply(asyncio.Protocol):
    """Reads one HTTP response; `answer` comes once it is whole, too long, or cannot be one."""

    def __init__(self, answer: asyncio.Future[PolicyFetch]) -> None:
        self.answer = answer
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST_POLICY)
        self._status = 0
        self._body = b""

    def request(self, host: str) -> bytes:
        headers = [("Host", host), ("Accept", "text/plain"), ("Connection", "close")]
        head = self._http.send(h11.Request(method="GET", target=PATH, headers=headers)) or b""
        return head + (self._http.send(h11.EndOfMessage()) or b"")

    def data_received(self, data: bytes) -> None:
        self._read(data)

    def eof_received(self) -> None:
        self._read(b"")

    def connection_lost(self, exc: Exception | None) -> None:
        self._end("connection closed")

    def _read(self, data: bytes) -> None:
        try:
            self._http.receive_data(data)
            while not self.answer.done():
                match self._http.next_event():
                    case h11.Response(status_code=status):
                        self._status = status
                    case h11.Data(data=part):
                        self._body += part
                        if len(self._body) > LONGEST_POLICY:
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
        text = plain(self._body.replace(b"\r", b""), LONGEST_POLICY) if self._status == 200 and not detail else ""
        self.answer.set_result(PolicyFetch(ConnectOutcome.OPEN, self._status, text, detail))
