"""The whole portal as processes on this machine: embedded servers, lab, web, worker, dispatcher."""

import json
import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from diagnostics.lab.files import RESPONDER_CERTIFICATE
from portal import embedded
from portal.spare_ports import free_ports
from portal.supervisor import ProcessEnded, Supervisor

READY_SECONDS = 60
MANAGE = (sys.executable, str(settings.BASE_DIR / "manage.py"))
QUEUES = "probes,mail,hook"
WORKER_MEMORY = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}
"""Else the C library keeps freed memory for the thread that freed it, in each of a worker's threads."""


@contextmanager
def running(port: int, *, lab: tuple[str, ...] = ()) -> Iterator[Supervisor]:
    """Everything up and ready while the block runs, everything stopped after it; `lab` are further options for the lab.

    Raises ProcessEnded, embedded.EmbeddedError.
    """
    servers = embedded.from_environment()
    supervisor = Supervisor()
    try:
        servers.start(postgres=settings.EMBEDDED_POSTGRES, valkey=settings.EMBEDDED_VALKEY)
        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
        began = timezone.now()
        environment = _responder_environment()
        if settings.LAB:
            # First: the others ask it as soon as they run.
            supervisor.start("lab", [*MANAGE, "lab", "--serve", *lab], environment)
            _wait_until_ready(supervisor, lambda: [] if _written_since(settings.LAB_STATE, began) else ["lab"])
            supervisor.start("responder", [*MANAGE, "responder"], environment)
        _start_processes(supervisor, port, environment)
        _wait_until_ready(supervisor, lambda: _unready(port, began))
        yield supervisor
    finally:
        # From here on another Ctrl-C would only leave something running.
        before = {signum: signal.signal(signum, signal.SIG_IGN) for signum in (signal.SIGINT, signal.SIGTERM)}
        supervisor.stop()
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]  # the stubs know the backends' common ground only
        servers.stop()
        for signum, handler in before.items():
            signal.signal(signum, handler)


def _responder_environment() -> dict[str, str]:
    """Where the port responder listens: on ports that are free here, with a certificate that the lab issues."""
    if not settings.LAB or os.environ.get("RESPONDER_PORTS"):
        return {}
    ports = zip(settings.RESPONDER_PORTS, free_ports(len(settings.RESPONDER_PORTS)), strict=True)
    listening = ",".join(f"{port}={free}" for port, free in ports)
    return {
        "RESPONDER_PORTS": listening,
        "RESPONDER_CERTIFICATE": str(settings.LAB_STATE.parent / RESPONDER_CERTIFICATE),
    }


def _wait_until_ready(supervisor: Supervisor, unready: Callable[[], list[str]]) -> None:
    if not supervisor.wait_until(lambda: not unready(), READY_SECONDS):
        raise ProcessEnded(f"Not ready after {READY_SECONDS} s: {', '.join(unready())}")


def _start_processes(supervisor: Supervisor, port: int, environment: Mapping[str, str]) -> None:
    settings.ALIVE_FILE.unlink(missing_ok=True)
    supervisor.start(
        "web",
        [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
            *(
                "--workers",
                "1",
                "--blocking-threads",
                "4",
                "--workers-kill-timeout",
                "5",
                "--log-level",
                "warning",
                "portal.wsgi:application",
            ),
        ],
        environment,
    )
    supervisor.start(
        "worker",
        [*MANAGE, "worker"],
        # Whoever tries the portal as root on a machine of their own need not read this at every start.
        {
            **environment,
            **WORKER_MEMORY,
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
        },
    )
    supervisor.start("dispatcher", [*MANAGE, "dispatcher", "--with-beat"], environment)


def _unready(port: int, began: datetime) -> list[str]:
    """The parts that do not answer yet; traces of an earlier run do not count."""
    from diagnostics.models import Heartbeat

    parts = {
        "worker": _written_since(settings.ALIVE_FILE, began),
        "dispatcher": Heartbeat.objects.filter(name="dispatcher", at__gte=began).exists(),
    }
    unready = [name for name, ready in parts.items() if not ready]
    return unready or _unready_by_web(port)


def _unready_by_web(port: int) -> list[str]:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz/", timeout=5).close()  # noqa: S310 - ours
    except urllib.error.HTTPError as answer:
        with answer:
            return [name for name, state in json.load(answer).items() if state != "ok"]
    except OSError:
        return ["web"]
    return []


def _written_since(file: Path, began: datetime) -> bool:
    return file.exists() and file.stat().st_mtime >= began.timestamp()
