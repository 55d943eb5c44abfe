"""The portal's web service alone, as docker-compose starts it, with PostgreSQL; and a bare Django beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psycopg
import yaml

from portal.embedded import Servers
from portal.spare_ports import free_port
from tests.bench._portal import MANAGE, NOT_INHERITED, START_LIMIT, folder
from tests.bench._processes import ROOT, Part, cpu_seconds, run

COMMAND = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["web"]["command"]
UNLIMITED = {
    "CASES_PER_SOURCE": "1000000",
    "CASES_PER_DOMAIN": "1000000",
    "QUEUE_MOST_GROUPS": "1000000",
    "QUEUE_MOST_SECONDS": "1000000",
}
"""One machine plays all customers, and some groups are left queued on purpose."""
LIMIT = 300


@dataclass(frozen=True)
class Website:
    """One granian with its processes."""

    part: Part
    port: int

    @property
    def cpu_seconds(self) -> float:
        return cpu_seconds(self.part.pid)


@dataclass(frozen=True)
class Websites:
    """Both, and PostgreSQL, which only the portal asks."""

    portal: Website
    bare: Website
    home: Path
    environment: dict[str, str]

    def database_cpu_seconds(self) -> float:
        return cpu_seconds(int((self.home / "postgres" / "postmaster.pid").read_text().split()[0]))

    def query(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        with psycopg.connect(Servers(self.home).database_url, autocommit=True) as database:
            return database.execute(sql, values).fetchall()

    def show(self, name: str, text: str) -> None:
        """The bare view of that name renders a template with this text; a word of it is looked up."""
        (self.home / "pages" / f"{name}.html").write_text(
            f"{{{{ said }}}}{{% verbatim bare %}}{text}{{% endverbatim bare %}}"
        )

    @contextmanager
    def worker(self, *groups: str) -> Iterator[None]:
        """The stand-in for workers runs meanwhile; `<group>=<seconds>`."""
        command = [sys.executable, "-m", "tests.bench._web_worker", *groups]
        part = Part("worker", command, self.environment, self.home / "worker.log")
        part.start()
        try:
            yield
            assert part.pid, "it still runs"
        finally:
            part.stop()


@contextmanager
def running() -> Iterator[Websites]:
    with folder() as home:
        servers = Servers(home)
        port, other = free_port(), free_port()
        environment = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED} | {
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "EMBEDDED_HOME": str(home),
            "PORT": str(port),
            "TRUSTED_PROXY_HOPS": "1",
            "BARE_PAGES": str(home / "pages"),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONWARNINGS": "ignore",
            "DRAIN_SECONDS": "0",
            **UNLIMITED,
        }
        (home / "pages").mkdir()
        servers.start(valkey=False)
        parts: list[Part] = []

        def website(name: str, port: int, application: str) -> Website:
            part = Part(name, _command(port, application), environment, home / f"{name}.log")
            parts.append(part)
            part.start()
            return Website(part, port)

        try:
            run([*MANAGE, "migrate", "-v0"], environment, START_LIMIT)
            websites = Websites(
                website("web", port, COMMAND[-1]),
                website("bare", other, "tests.bench._web_bare:application"),
                home,
                environment,
            )
            websites.show("ready", "ready")
            wait(lambda: _answers(f"http://127.0.0.1:{port}/healthz/", websites.portal))
            wait(lambda: _answers(f"http://127.0.0.1:{other}/ready", websites.bare))
            yield websites
        finally:
            for part in parts:
                part.stop()
            servers.stop()


def _command(port: int, application: str) -> list[str]:
    """Compose's own, workers and threads and all, on loopback."""
    instead = {"python": sys.executable, "0.0.0.0": "127.0.0.1", "8000": str(port), COMMAND[-1]: application}  # noqa: S104
    return [instead.get(word, word) for word in COMMAND]


def wait(until: Callable[[], bool]) -> None:
    """Raises TimeoutError."""
    deadline = time.monotonic() + START_LIMIT
    while not until():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {START_LIMIT:.0f} s")
        time.sleep(0.1)


def _answers(url: str, website: Website) -> bool:
    assert website.part.pid, "it still runs"
    try:
        with urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, ConnectionError):
        return False


def ask(module: str, told: Mapping[str, object]) -> Any:
    """What a process of its own said that asks; raises RuntimeError with its last words where it failed."""
    command = [sys.executable, "-m", f"tests.bench.{module}"]
    done = subprocess.run(command, cwd=ROOT, input=json.dumps(told), capture_output=True, text=True, timeout=LIMIT)
    if done.returncode:
        raise RuntimeError(f"{module}: {done.stderr[-3000:]}")
    return json.loads(done.stdout)
