"""`manage.py responder`, started as an administrator would, on ports of its own."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from portal.spare_ports import free_port
from tests.diagnostics.responder.visitors import KEY

ROOT = Path(__file__).resolve().parents[3]
START_LIMIT = 60
STOP_LIMIT = 30


@dataclass
class Process:
    """A running responder; `lines` is what it has printed and logged."""

    popen: subprocess.Popen[str]
    ports: dict[int, int]
    lines: list[str] = field(default_factory=list)
    ready: threading.Event = field(default_factory=threading.Event)

    @property
    def log(self) -> str:
        return "".join(self.lines)

    def read(self) -> None:
        for line in self.popen.stdout or ():
            self.lines.append(line)
            if line.startswith("ready: "):
                self.ready.set()
        self.ready.set()

    def stop(self, signum: int = signal.SIGTERM) -> int:
        self.popen.send_signal(signum)
        return self.popen.wait(STOP_LIMIT)


def environment(**settings: object) -> dict[str, str]:
    """What an administrator sets, and nothing of this machine's."""
    usual = {"PATH": os.environ["PATH"], "RESPONDER_KEY": KEY.decode(), "RESPONDER_BIND": "127.0.0.1"}
    return {name: str(value) for name, value in {**usual, **settings}.items() if value is not None}


def command(*options: str) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), "responder", *options]


@contextmanager
def running(
    portal: str,
    certificate: Path | None,
    options: Sequence[str] = (),
    files: int | None = None,
    ports: str = "80,59777",
) -> Iterator[Process]:
    """Ready; ended with the block, whatever happens. `files` is how many it may have open."""
    listening = {int(port): free_port() for port in ports.split(",")}
    told = ",".join(f"{port}={listens}" for port, listens in listening.items())
    popen = subprocess.Popen(
        command(*options),
        cwd="/",
        env=environment(PORTAL_URL=portal, RESPONDER_PORTS=told, RESPONDER_CERTIFICATE=certificate),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))) if files else None,
    )
    process = Process(popen, listening)
    reader = threading.Thread(target=process.read)
    reader.start()
    try:
        assert process.ready.wait(START_LIMIT), "it did not get ready"
        assert popen.poll() is None, process.log
        yield process
    finally:
        popen.kill()
        popen.wait()
        reader.join()
        if popen.stdout:
            popen.stdout.close()
