"""The portal as separate processes, as in production, in front of the benchmarks' world."""

from __future__ import annotations

import os
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from urllib.error import URLError
from urllib.request import urlopen

import psycopg

from portal.embedded import Servers
from portal.spare_ports import free_port
from portal.stack import QUEUES, WORKER_MEMORY
from tests.bench._processes import Part, cpu_seconds, run
from tests.bench._world import World

LOCAL = Path(__file__).resolve().parents[2] / ".local"
START_LIMIT = 180.0
"""Seconds; a busy machine takes long to start so much."""
BETWEEN_LOOKS = 0.05
QUIET_SECONDS = 1.0
IDLE_SHARE = 0.5
"""Of a core: what starts up takes more."""
NOT_INHERITED = ("ALIVE_FILE", "DATABASE_URL", "REDIS_URL", "STATEMENT_TIMEOUT_MS", "LAB", "PORTAL_URL")
MANAGE = [sys.executable, "manage.py"]
CELERY = [sys.executable, "-m", "celery", "--app", "portal", "--quiet", "--skip-checks"]
UNLIMITED = {"CASES_PER_SOURCE": "1000000"}
"""Settings that let one machine play all customers."""


@contextmanager
def folder() -> Iterator[Path]:
    """A new one below `.local`, gone afterwards: two benchmarks may run at the same time."""
    LOCAL.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=LOCAL) as name:
        # PostgreSQL, which does not run as root, has to reach its folder inside.
        os.chmod(name, 0o755)  # noqa: S103
        yield Path(name)


@dataclass
class Portal:
    """Runs while its `with` block does: PostgreSQL (which flushes, as it must), Valkey, web, dispatcher, and as many
    workers as are wanted; more are started with `start_worker`.

    `settings` are further environment for all of them.
    """

    home: Path
    world: World
    workers: int = 1
    settings: dict[str, str] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict, init=False)
    database: psycopg.Connection[tuple[object, ...]] | None = field(default=None, init=False)
    python = sys.executable

    def __post_init__(self) -> None:
        self.servers = Servers(self.home)
        self.port = free_port()

    def __enter__(self) -> Portal:
        self.servers.start()
        try:
            run([*MANAGE, "migrate", "-v0"], self.environment("migrate"), START_LIMIT)
            web = ["--interface", "wsgi", "--port", str(self.port), "--blocking-threads", "4", "--log-level", "warning"]
            self.start("web", [sys.executable, "-m", "granian", *web, "portal.wsgi:application"])
            self.start("dispatcher", [*MANAGE, "dispatcher"])
            for number in range(1, self.workers + 1):
                self.start_worker(f"worker {number}")
            self.wait(self._web_answers, "web")
            self.wait(lambda: bool(self.query("SELECT 1 FROM diagnostics_heartbeat")), "dispatcher")
            self.settle()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        for part in reversed(self.parts.values()):
            part.stop()
        if self.database:
            self.database.close()
        self.servers.stop()

    def start_worker(self, name: str = "worker 1") -> Part:
        """Until it takes work."""
        worker = self.launch_worker(name)
        self.wait(self.alive(name).exists, name)
        return worker

    def launch_worker(
        self, name: str, *, queues: str = QUEUES, python: str = sys.executable, **environment: str
    ) -> Part:
        """It takes work once the file `alive(name)` is there."""
        self.alive(name).unlink(missing_ok=True)
        command = [python, "manage.py", "worker", "--hostname", f"{name.replace(' ', '')}@bench", "--queues", queues]
        return self.start(name, command, WORKER_MEMORY | environment)

    def settle(self) -> None:
        """Until nothing is being started any more and our own side has been looked at."""
        self.wait(lambda: bool(self.query("SELECT 1 FROM diagnostics_vendorhealthrecord")), "our own side")
        self.wait(self._is_quiet, "everything started")

    @contextmanager
    def measured(self) -> Iterator[dict[str, float]]:
        """CPU seconds of every part in the block; filled in at its end. All workers are one part."""
        spent: dict[str, float] = {}
        before = self.cpu_seconds()
        yield spent
        spent.update({name: seconds - before[name] for name, seconds in self.cpu_seconds().items()})

    def cpu_seconds(self) -> dict[str, float]:
        """So far, by part."""
        workers = [part.pid for part in self.parts.values() if part.name.startswith("worker")]
        return {
            "web": cpu_seconds(self.parts["web"].pid),
            "dispatcher": cpu_seconds(self.parts["dispatcher"].pid),
            "worker": cpu_seconds(*workers),
            "PostgreSQL": cpu_seconds(self._pid("postgres/postmaster.pid")),
            "Valkey": cpu_seconds(self._pid("valkey/valkey.pid")),
        }

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """That part does nothing in the block."""
        os.kill(self.parts[name].pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.parts[name].pid, signal.SIGCONT)

    def query(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        # One connection for all: PostgreSQL would work as long for each further one as for half a case.
        self.database = self.database or psycopg.connect(self.servers.database_url, autocommit=True)
        answer = self.database.execute(sql, values)
        return answer.fetchall() if answer.description else []

    def finished(self) -> int:
        """How many runs there are, all of them at their end."""
        return int(str(self.query("SELECT count(*) FROM diagnostics_run")[0][0]))

    def wait(self, until: Callable[[], bool], what: str, seconds: float = START_LIMIT) -> None:
        """Raises TimeoutError, with the last words of all parts."""
        deadline = time.monotonic() + seconds
        while not until():
            for part in self.parts.values():
                assert part.pid
            if time.monotonic() > deadline:
                words = "\n".join(f"{part.name}: {part.log.read_text()[-1500:]}" for part in self.parts.values())
                raise TimeoutError(f"{what}: not within {seconds:.0f} s\n{words}")
            time.sleep(BETWEEN_LOOKS)

    def environment(self, name: str) -> dict[str, str]:
        """What a part of this portal is started with."""
        inherited = {key: value for key, value in os.environ.items() if key not in NOT_INHERITED}
        return inherited | {
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "EMBEDDED_HOME": str(self.home),
            "ALIVE_FILE": str(self.alive(name)),
            "PORT": str(self.port),
            "TRUSTED_PROXY_HOPS": "1",
            "C_FORCE_ROOT": "1",
            "PYTHONWARNINGS": "ignore",
            **self.world.settings,
            **UNLIMITED,
            **self.settings,
        }

    def start(self, name: str, command: list[str], environment: dict[str, str] | None = None) -> Part:
        """One more process beside the portal's own; its end is an error, and it is stopped with the rest."""
        part = Part(name, command, self.environment(name) | (environment or {}), self.home / f"{name}.log")
        self.parts[name] = part
        part.start()
        return part

    def alive(self, name: str) -> Path:
        """The file that is there while the worker of that name takes work."""
        return self.home / f"alive-{name}".replace(" ", "-")

    @property
    def addresses(self) -> dict[str, str]:
        """The environment of a part that does not know embedded servers."""
        servers = {"DATABASE_URL": self.servers.database_url, "REDIS_URL": self.servers.redis_url}
        return servers | {"SECRET_KEY": secrets.token_urlsafe(60)}

    @property
    def broker_url(self) -> str:
        """As Celery spells it."""
        return self.servers.redis_url.replace("unix://", "redis+socket://")

    def _pid(self, file: str) -> int:
        return int((self.home / file).read_text().split()[0])

    def _web_answers(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/healthz/", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, ConnectionError):
            return False

    def _is_quiet(self) -> bool:
        before = sum(self.cpu_seconds().values())
        time.sleep(QUIET_SECONDS)
        return sum(self.cpu_seconds().values()) - before < IDLE_SHARE * QUIET_SECONDS
