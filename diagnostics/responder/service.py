"""The responder as a process: it listens, hands over, keeps its certificate fresh, and says in the log how it fares."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import resource
import signal
import traceback
from collections import Counter
from collections.abc import Callable
from typing import Any

from diagnostics.responder.certificate import Shown
from diagnostics.responder.config import Config
from diagnostics.responder.handover import Handover
from diagnostics.responder.server import Server
from diagnostics.responder.witness import Witness

logger = logging.getLogger(__name__)
FILES_BESIDE = 100
"""Open files beside connections: listeners, the way to the portal, the interpreter's own."""
CERTIFICATE_SECONDS = 60.0
SUMMARY_SECONDS = 300.0
MEMORY_SECONDS = 1.0
MANY = 200
"""Visitors after whom it is worth the few milliseconds."""


def run(config: Config, ready: Callable[[dict[int, int]], None]) -> None:
    """Answer until SIGTERM or SIGINT; SIGHUP reads the certificate again. `ready` is told the ports.

    Raises CannotListen and CertificateUnusable, before `ready`.
    """
    _allow_files(config.limits.connections + FILES_BESIDE)
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(_serve(config, ready))


async def _serve(config: Config, ready: Callable[[dict[int, int]], None]) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_report)
    shown = Shown(config.certificate) if config.certificate else None
    handover = Handover(config)
    server = Server(config, Witness(config.limits, handover.tell), shown)
    server.listen()
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    loop.add_signal_handler(signal.SIGHUP, shown.reload if shown else lambda: None)
    async with asyncio.TaskGroup() as group:  # Should one of them fail, the process ends, and is started again.
        lasting = (handover.run(), _sum_up(server, handover), _give_back_memory(server))
        jobs = [group.create_task(job) for job in lasting]
        if shown:
            jobs.append(group.create_task(_keep_fresh(shown)))
        ready(server.ports)
        await stop.wait()
        server.close()
        for job in jobs:
            job.cancel()
    await handover.farewell()


async def _keep_fresh(shown: Shown) -> None:
    while True:
        await asyncio.sleep(CERTIFICATE_SECONDS)
        shown.look_again()


async def _give_back_memory(server: Server) -> None:
    """What visitors have left behind, to the system.

    Each TLS connection takes buffers of which few pages are ever written, other ones each time; the C library keeps
    them all, which comes to twice the memory after some thousand visitors.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    before = 0
    while trim is not None:  # Only glibc has it, and needs it.
        await asyncio.sleep(MEMORY_SECONDS)
        come = server.witness.counts["connections"]
        if come - before >= MANY:
            trim(0)
            before = come


async def _sum_up(server: Server, handover: Handover) -> None:
    """Counts of the last minutes, where there are any; never who or what."""
    before: Counter[str] = Counter()
    while True:
        await asyncio.sleep(SUMMARY_SECONDS)
        now = Counter({**server.witness.counts, "handed over": handover.taken, "dropped": handover.dropped})
        if said := ", ".join(f"{name} {count}" for name, count in sorted((now - before).items())):
            logger.info("%s; open %d, waiting for the portal %d", said, server.open, handover.waiting)
        before = now


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # It exists for Linux and macOS alone; everything works without it, more slowly.
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _allow_files(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A fault of ours, with its place in the code, and without what an exception's words could tell of a visitor."""
    problem = context.get("exception")
    where = "".join(traceback.format_tb(problem.__traceback__)) if problem else ""
    logger.error("%s (%s)\n%s", context["message"], type(problem).__name__, where)
