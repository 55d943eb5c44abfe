"""What the real `manage.py responder` does with a second of its own processor time, and what idle visitors cost.

Whoever asks needs processor time, too, so the rate by the clock would measure this machine; the responder's own time
does not depend on how busy the rest is.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import trustme
import uvloop

from diagnostics.responder.service import MEMORY_SECONDS
from portal.spare_ports import free_port
from tests.bench.figures import Figure, middle
from tests.diagnostics.responder.process import Process, running

T = TypeVar("T")
SECONDS = 2.0
VISITORS = 16
IDLE = 1000
REST = 3 * MEMORY_SECONDS
OPENING_AT_ONCE = 50
PLAIN, ENCRYPTED = 80, 443
TICK = os.sysconf("SC_CLK_TCK")
QUESTION = b"GET /e?n=a-nonce-of-the-benchmark HTTP/1.1\r\nHost: check.example.net\r\n\r\n"
NO_LIMITS = (
    "--connections-per-source=100000",
    "--requests-per-source=1000000000",
    "--requests-per-test=1000000000",
    "--connection-seconds=120",
)


def measure() -> list[Figure]:
    authority = trustme.CA()
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with tempfile.TemporaryDirectory() as folder:
        certificate = Path(folder) / "both.pem"
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate))
        portal = f"http://127.0.0.1:{free_port()}"  # Nobody is there: the worst case for memory.
        with running(portal, certificate, NO_LIMITS, ports=f"{PLAIN},{ENCRYPTED}") as process:

            def rate(ask: Callable[[Asking], Awaitable[None]], port: int, context: ssl.SSLContext | None) -> float:
                return middle(lambda: _echoes_per_cpu_second(process, Asking(process.ports[port], context), ask))

            _echoes_per_cpu_second(process, Asking(process.ports[ENCRYPTED], trusting), kept_alive)
            return [
                Figure("echoes a CPU second, kept-alive TLS", rate(kept_alive, ENCRYPTED, trusting), at_least=3000),
                Figure("echoes a CPU second, a TLS connection each", rate(one_each, ENCRYPTED, trusting)),
                Figure("echoes a CPU second, kept-alive plain HTTP", rate(kept_alive, PLAIN, None), at_least=3000),
                Figure("echoes a CPU second, a plain connection each", rate(one_each, PLAIN, None)),
                Figure("memory before visitors", _resident(process), "MB"),
                Figure(
                    f"memory with {IDLE:,} idle TLS connections",
                    middle(lambda: _on_loop(_with_idle(process, Asking(process.ports[ENCRYPTED], trusting)))),
                    "MB",
                    at_most=100,
                ),
            ]


class Asking:
    """Some visitors for some seconds; `heard` counts the echoes."""

    def __init__(self, port: int, context: ssl.SSLContext | None) -> None:
        self.port = port
        self.context = context
        self.heard = 0
        self.until = time.monotonic() + SECONDS

    @property
    def goes_on(self) -> bool:
        return time.monotonic() < self.until

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port, ssl=self.context)

    async def ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(QUESTION)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"no echo: {head!r}")
        await reader.readuntil(b"}")
        self.heard += 1


async def kept_alive(asking: Asking) -> None:
    streams = await asking.connect()
    while asking.goes_on:
        await asking.ask(*streams)
    streams[1].transport.abort()


async def one_each(asking: Asking) -> None:
    while asking.goes_on:
        streams = await asking.connect()
        await asking.ask(*streams)
        streams[1].transport.abort()


def _echoes_per_cpu_second(process: Process, asking: Asking, ask: Callable[[Asking], Awaitable[None]]) -> float:
    async def all_of_them() -> None:
        await asyncio.gather(*(ask(asking) for _ in range(VISITORS)))

    before = _cpu_seconds(process)
    _on_loop(all_of_them())
    return asking.heard / (_cpu_seconds(process) - before)


async def _with_idle(process: Process, asking: Asking) -> float:
    """Megabytes, while they are all there; each has had its echo. Before they come it has had a moment's rest."""
    before = _open_files(process)
    await asyncio.sleep(REST)
    opening = asyncio.Semaphore(OPENING_AT_ONCE)

    async def come() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with opening:
            streams = await asking.connect()
            await asking.ask(*streams)
            return streams

    streams = await asyncio.gather(*(come() for _ in range(IDLE)))
    resident = _resident(process)
    there = sum(not reader.at_eof() for reader, _ in streams)
    for _, writer in streams:
        writer.transport.abort()
    if there < IDLE:
        raise RuntimeError(f"only {there} of {IDLE} were there at once")
    while _open_files(process) > before + 1:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    return resident


def _on_loop(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def _cpu_seconds(process: Process) -> float:
    """Of all its threads, in and out of the kernel (proc(5))."""
    fields = Path(f"/proc/{process.popen.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def _open_files(process: Process) -> int:
    return len(list(Path(f"/proc/{process.popen.pid}/fd").iterdir()))


def _resident(process: Process) -> float:
    status = Path(f"/proc/{process.popen.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024 / 1e6
