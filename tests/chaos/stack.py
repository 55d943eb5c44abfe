"""The portal as separate processes that a test may kill, freeze and start again, each with servers of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis
from celery import Celery

from diagnostics import dispatch
from diagnostics.lab.mailbox import kept
from portal import embedded
from portal.spare_ports import free_port
from portal.stack import QUEUES
from tests.customer import Customer, eventually

ROOT = Path(__file__).resolve().parent.parent.parent
START_LIMIT = 30.0
MANAGE = [sys.executable, "manage.py"]
CELERY = [sys.executable, "-m", "celery", "--app", "portal", "--quiet"]
NOT_INHERITED = ("ALIVE_FILE", "DATABASE_URL", "REDIS_URL", "STATEMENT_TIMEOUT_MS")


@dataclass
class Part:
    """One process of the portal, in a session of its own."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """No last words, for any of its processes."""
        if self.process and self.running:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, signum: signal.Signals) -> None:
        assert self.process
        os.killpg(self.process.pid, signum)


@dataclass
class Stack:
    """PostgreSQL, Valkey, lab, web, and as many workers and dispatchers as a test starts."""

    home: Path
    parts: dict[str, Part] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.servers = embedded.Servers(self.home, durable=False)
        self.port = free_port()

    # Life

    def start(self) -> None:
        self.servers.start()
        subprocess.run([*MANAGE, "migrate", "-v0"], cwd=ROOT, env=self._environment("migrate"), check=True, timeout=60)
        self._start("lab", [*MANAGE, "lab", "--serve"])
        web = ["--interface", "wsgi", "--port", str(self.port), "--blocking-threads", "4", "portal.wsgi:application"]
        self._start("web", [sys.executable, "-m", "granian", *web])
        eventually((self.home / "lab" / "state.json").exists, START_LIMIT, "lab")
        eventually(self._web_answers, START_LIMIT, "web")

    def stop(self) -> None:
        for part in self.parts.values():
            part.kill()
        self.servers.delete()

    def settle(self) -> None:
        """A worker, a dispatcher, a broker, and no work: what every test begins with."""
        for part in self.parts.values():
            if part.name not in ("lab", "web", "worker", "dispatcher"):
                part.kill()
        self.start_broker()
        self.query("TRUNCATE diagnostics_case, diagnostics_limithit CASCADE")
        with self.broker() as broker:
            broker.flushall()
        self.start_worker()
        self.start_dispatcher()

    def start_worker(self, name: str = "worker") -> Part:
        """Until it takes work."""
        if name in self.parts and self.parts[name].running:
            return self.parts[name]
        alive = self.home / f"alive-{name}"
        alive.unlink(missing_ok=True)
        options = ["--pool", "threads", "--queues", QUEUES, "--without-gossip", "--without-mingle"]
        worker = self._start(name, [*CELERY, "worker", "--hostname", f"{name}@test", *options])
        eventually(alive.exists, START_LIMIT, lambda: self.words_of(name))
        return worker

    def start_dispatcher(self, name: str = "dispatcher") -> Part:
        """Until one of the dispatchers holds the lock."""
        if not (name in self.parts and self.parts[name].running):
            self._start(name, [*MANAGE, "dispatcher"])
        eventually(self.lock_holder, START_LIMIT, lambda: self.words_of(name))
        return self.parts[name]

    def kill_broker(self) -> None:
        """As if the machine were gone: nothing of what it held comes back."""
        pid = self._broker_pid()
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: not Path(f"/proc/{pid}/exe").exists(), 5, "the broker's end")

    def start_broker(self) -> None:
        self.servers.start(postgres=False)

    def freeze_broker(self) -> None:
        os.kill(self._broker_pid(), signal.SIGSTOP)

    def thaw_broker(self) -> None:
        os.kill(self._broker_pid(), signal.SIGCONT)

    def restart_database(self) -> None:
        """Every connection is cut, whatever it was about; afterwards PostgreSQL recovers from its log."""
        self.servers._pg_ctl("restart", "-m", "immediate")

    # Time, brought forward

    def expire_leases(self) -> None:
        """Whoever holds work now has held it too long."""
        past = "SET lease_until = now() - interval '1 second'"
        self.query(f"UPDATE diagnostics_group {past} WHERE state = 'running'")
        self.query(f"UPDATE diagnostics_testmessage {past} WHERE state = 'sending'")

    def redeliver(self) -> None:
        """The broker takes every message that was not acknowledged for lost."""
        with self.broker() as broker:
            for tag in broker.zrange("unacked_index", 0, -1):
                broker.zadd("unacked_index", {tag: 0})

    # Views

    def customer(self) -> Customer:
        return Customer(f"http://127.0.0.1:{self.port}")

    def query(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self.servers.database_url, autocommit=True) as database:
            answer = database.execute(sql, values)
            return answer.fetchall() if answer.description else []

    def broker(self) -> redis.Redis:
        return redis.Redis.from_url(self.servers.redis_url, socket_timeout=5)

    def carrier(self) -> Celery:
        """To publish by hand what the dispatcher publishes."""
        return Celery("chaos", broker=self.servers.redis_url.replace("unix://", "redis+socket://"))

    def mails(self, address: str) -> int:
        return len(kept(self.home / "lab" / "mail", address))

    def lock_holder(self) -> int:
        """The database session of the working dispatcher; 0 if there is none."""
        holders = self.query(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = %s", dispatch.LOCK
        )
        return int(str(holders[0][0])) if holders else 0

    def words_of(self, name: str) -> str:
        return "\n".join(self.parts[name].log.read_text(errors="replace").splitlines()[-30:])

    # Helpers

    def _start(self, name: str, command: list[str]) -> Part:
        part = Part(name, command, self._environment(name), self.home / f"{name}.log")
        self.parts[name] = part
        part.start()
        return part

    def _broker_pid(self) -> int:
        return int((self.home / "valkey" / "valkey.pid").read_text())

    def _environment(self, name: str) -> dict[str, str]:
        inherited = {key: value for key, value in os.environ.items() if key not in NOT_INHERITED}
        return inherited | {
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "EMBEDDED_HOME": str(self.home),
            "ALIVE_FILE": str(self.home / f"alive-{name}"),
            "LAB": "1",
            "PORT": str(self.port),
            "TRUSTED_PROXY_HOPS": "1",
            "C_FORCE_ROOT": "1",
        }

    def _web_answers(self) -> bool:
        try:
            return self.customer().get("/healthz/").status == 200
        except OSError:
            return False
