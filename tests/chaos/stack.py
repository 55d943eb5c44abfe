"""The portal as separate processes that a test may kill, freeze and start again, each with servers of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from subprocess import PIPE

import psycopg
import redis
from celery import Celery

from diagnostics import dispatch
from diagnostics.lab.mailbox import kept
from portal import embedded
from portal.spare_ports import free_port
from tests.customer import Customer, eventually

ROOT = Path(__file__).resolve().parent.parent.parent
START_LIMIT = 30.0
SLOW = 5.0
"""Seconds that no request may take, whatever is broken meanwhile."""
ANSWERS_WITHIN = 2.0
RUN_GROUPS, SEND_MESSAGE = "diagnostics.tasks.run_groups", "diagnostics.tasks.send_message"
WEB_THREADS = 4
MANAGE = [sys.executable, "manage.py"]
DJANGO = [sys.executable, "-m", "django"]
CELERY = [sys.executable, "-m", "celery", "--app", "portal", "--quiet", "--skip-checks"]
NOT_INHERITED = ("ALIVE_FILE", "DATABASE_URL", "REDIS_URL", "STATEMENT_TIMEOUT_MS")


@dataclass
class Part:
    """One process of the portal, in a session of its own."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    nursery: Nursery | None = None
    process: subprocess.Popen[bytes] | Forked | None = None

    def start(self) -> None:
        if self.nursery is not None:
            self.process = self.nursery.bear(self)
            return
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

    def kill_child(self) -> None:
        """One process that it has started, not itself; nothing where it has none."""
        assert self.process
        for pid in children(self.process.pid)[:1]:
            os.kill(pid, signal.SIGKILL)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, signum: signal.Signals) -> None:
        assert self.process
        os.killpg(self.process.pid, signum)


@dataclass
class Forked:
    """A process that is another one's child: to be asked what one asks a `Popen`."""

    pid: int

    def poll(self) -> int | None:
        return None if Path(f"/proc/{self.pid}/exe").exists() else 0

    def wait(self, seconds: float) -> None:
        eventually(lambda: self.poll() is not None, seconds, f"the end of process {self.pid}")


class Nursery:
    """Starts parts by forking, within a moment: see `tests.chaos.nursery`."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        with log.open("ab") as words:
            command = [sys.executable, "-m", "tests.chaos.nursery"]
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=environment, text=True, stdin=PIPE, stdout=PIPE, stderr=words
            )

    def wait(self) -> None:
        """Until it has imported everything."""
        assert self._answer() == self._process.pid

    def bear(self, part: Part) -> Forked:
        assert self._process.stdin
        words = {"arguments": part.command, "environment": part.environment, "log": str(part.log)}
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        return Forked(self._answer())

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def _answer(self) -> int:
        assert self._process.stdout
        answer = self._process.stdout.readline()
        assert answer, "the nursery has ended"
        return int(answer)


def children(pid: int) -> list[int]:
    """Of the process, as it has them now."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@dataclass
class Stack:
    """PostgreSQL, Valkey, lab, web, and as many workers and dispatchers as a test starts; `settings` are theirs all."""

    home: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    forking: bool = True
    """Workers and dispatchers start from a process that has everything imported; else as in production, in seconds. May
    be changed at any time.
    """
    parts: dict[str, Part] = field(default_factory=dict)
    nursery: Nursery | None = None

    def __post_init__(self) -> None:
        self.servers = embedded.Servers(self.home, durable=False)
        self.port = free_port()

    # Life

    def up(self) -> None:
        """Servers, lab and web."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.nursery = Nursery(self._environment("nursery"), self.home / "nursery.log")
        self.servers.start()
        self.nursery.wait()
        self._start("lab", [sys.executable, "-m", "tests.chaos.lab"], quickly=True)
        self.begin_web(quickly=True)
        self.run("migrate", [*DJANGO, "migrate", "-v0"])
        assert self.query("SELECT to_regclass('diagnostics_case')") != [(None,)], self.words_of("migrate")
        eventually((self.home / "lab" / "state.json").exists, START_LIMIT, "lab")
        eventually(self.web_answers, START_LIMIT, lambda: self.words_of("web"))

    def start_web(self) -> None:
        """Until it answers."""
        self.begin_web()
        eventually(self.web_answers, START_LIMIT, lambda: self.words_of("web"))

    def begin_web(self, *, quickly: bool = False) -> None:
        """Without waiting for it; nothing where it runs."""
        if not self.runs("web"):
            web = ["--interface", "wsgi", "--port", str(self.port), "--blocking-threads", str(WEB_THREADS)]
            command = [sys.executable, "-m", "granian", *web, "portal.wsgi:application"]
            self._start("web", command, quickly=quickly)

    def run(self, name: str, command: list[str]) -> None:
        """To its end, however that is."""
        part = self._start(name, command, quickly=True)
        assert part.process
        part.process.wait(2 * START_LIMIT)

    def stop(self) -> None:
        for part in self.parts.values():
            part.kill()
        if self.nursery:
            self.nursery.close()
        self.servers.delete()

    def settle(self) -> None:
        """A worker, a dispatcher, a broker, and no work: what every test begins with."""
        for part in self.parts.values():
            if part.name not in ("lab", "web", "worker", "dispatcher"):
                part.kill()
        self.start_broker()
        eventually(self._forgotten, START_LIMIT, "empty tables")
        self.wipe_broker()
        self.start(workers=("worker",), dispatchers=("dispatcher",))

    def _forgotten(self) -> bool:
        """False where a part that still writes about the test before and this wait for one another."""
        try:
            self.query("TRUNCATE diagnostics_case, diagnostics_allowance CASCADE")
        except psycopg.errors.DeadlockDetected:
            return False
        return True

    def start(self, workers: Iterable[str] = (), dispatchers: Iterable[str] = ()) -> None:
        """Those that do not run, side by side: until every worker takes work and one dispatcher holds the lock."""
        for name in workers:
            self.begin_worker(name)
        for name in dispatchers:
            self.begin_dispatcher(name)
        for name in workers:
            eventually(partial(self.takes_work, name), START_LIMIT, partial(self.words_of, name))
        for name in dispatchers:
            eventually(self.lock_holder, START_LIMIT, partial(self.words_of, name))

    def start_worker(self, name: str = "worker") -> Part:
        """Until it takes work."""
        self.start(workers=(name,))
        return self.parts[name]

    def start_dispatcher(self, name: str = "dispatcher") -> Part:
        """Until one of the dispatchers holds the lock."""
        self.start(dispatchers=(name,))
        return self.parts[name]

    def begin_worker(self, name: str, settings: Mapping[str, str] | None = None) -> None:
        """Without waiting for it; nothing where it runs."""
        if not self.runs(name):
            self._alive(name).unlink(missing_ok=True)
            self._start(name, self.worker_command(name), settings, quickly=True)

    def worker_command(self, name: str) -> list[str]:
        return [*DJANGO, "worker", "--hostname", f"{name}@test"]

    def begin(self, name: str, command: list[str], settings: Mapping[str, str] | None = None) -> None:
        """Any program as a part, with the portal's environment."""
        self._start(name, command, settings)

    def begin_dispatcher(self, name: str, *, ahead: float = 0) -> None:
        """Without waiting for it; nothing where it runs. `ahead`: so many seconds does its machine's clock go wrong."""
        if not self.runs(name):
            if ahead:
                self._start(name, [sys.executable, "-m", "tests.chaos.ahead", str(ahead), "dispatcher"], quickly=True)
            else:
                self._start(name, [*DJANGO, "dispatcher"], quickly=True)

    def begin_clock(self) -> None:
        """Without waiting for it; nothing where it runs."""
        if not self.runs("clock"):
            self._alive("clock").unlink(missing_ok=True)
            self._start("clock", [*CELERY, "beat", "--pidfile=", "--loglevel", "WARNING"], quickly=True)

    def takes_work(self, name: str) -> bool:
        """Or, for the clock, whether it ticks."""
        return self._alive(name).exists()

    def kill_broker(self) -> None:
        """As if the machine were gone: nothing of what it held comes back."""
        pid = self._broker_pid()
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: not self.broker_runs(), 5, "the broker's end")

    def start_broker(self) -> None:
        self.servers.start(postgres=False)

    def broker_runs(self) -> bool:
        return Path(f"/proc/{self._broker_pid()}/exe").exists()

    def freeze_broker(self) -> None:
        os.kill(self._broker_pid(), signal.SIGSTOP)

    def thaw_broker(self) -> None:
        os.kill(self._broker_pid(), signal.SIGCONT)

    @contextmanager
    def full_broker(self) -> Iterator[None]:
        """It answers, and takes nothing more."""
        with self.broker() as broker:
            broker.config_set("maxmemory", 1)
            try:
                yield
            finally:
                broker.config_set("maxmemory", 0)

    def wipe_broker(self) -> None:
        """It lives, and has forgotten everything."""
        with self.broker() as broker:
            broker.flushall()

    def restart_database(self) -> None:
        """Every connection is cut, whatever it was about; afterwards PostgreSQL recovers from its log."""
        self.servers._pg_ctl("restart", "-m", "immediate")

    def freeze_database(self) -> None:
        """The server and all its sessions stand still, as if its disk hung; connections stay, and nothing is said."""
        for pid in (self._postmaster(), *children(self._postmaster())):
            os.kill(pid, signal.SIGSTOP)

    def thaw_database(self) -> None:
        for pid in (*children(self._postmaster()), self._postmaster()):
            os.kill(pid, signal.SIGCONT)

    def cut_connections(self) -> None:
        """Every connection of the portal's to PostgreSQL, whatever it was about."""
        self.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'portal'")

    # Time, brought forward

    def expire_leases(self) -> None:
        """Whoever holds work now has held it too long."""
        past = "SET lease_until = now() - interval '1 second'"
        self.query(f"UPDATE diagnostics_group {past} WHERE state = 'running'")
        self.query(f"UPDATE diagnostics_testmessage {past} WHERE state = 'sending'")
        self.query(f"UPDATE diagnostics_webhookdelivery {past} WHERE state = 'sending'")
        self.query(f"UPDATE diagnostics_ticketnote {past} WHERE state = 'posting'")

    def redeliver(self) -> None:
        """Whatever groups and test messages there are is delivered once more, also what is done."""
        with self.carrier() as carrier, carrier.connection_for_write() as way:
            for (pks,) in self.query("SELECT array_agg(id) FROM diagnostics_group GROUP BY run_id"):
                carrier.send_task(RUN_GROUPS, args=(pks,), queue="probes", connection=way)
            for (pk,) in self.query("SELECT id FROM diagnostics_testmessage"):
                carrier.send_task(SEND_MESSAGE, args=(pk,), queue="mail", connection=way)

    # Views

    def customer(self) -> Customer:
        return Customer(f"http://127.0.0.1:{self.port}")

    def query(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self.servers.database_url, autocommit=True) as database:
            answer = database.execute(sql, values)
            return answer.fetchall() if answer.description else []

    def broker(self) -> redis.Redis:
        return redis.Redis.from_url(self.servers.redis_url, socket_timeout=5)

    def waiting_tasks(self, queue: str) -> list[str]:
        """The names of the tasks that wait for a worker, without their packages."""
        with self.broker() as broker:
            return [json.loads(one)["headers"]["task"].rpartition(".")[2] for one in broker.lrange(queue, 0, -1)]

    def at_rest(self, name: str = "worker") -> bool:
        """Whether no group and no test message waits in the broker, and this worker has none in hand."""
        with self.broker() as broker:
            if any(broker.llen(queue) for queue in (dispatch.PROBE_QUEUE, dispatch.MAIL_QUEUE)):
                return False
        with self.carrier() as carrier, carrier.connection_for_write() as way:
            asked = carrier.control.inspect([f"{name}@test"], timeout=ANSWERS_WITHIN, connection=way)
            answers = [asked.reserved(), asked.active()]
        in_hand = {task["name"] for answer in answers if answer for tasks in answer.values() for task in tasks}
        return all(answers) and not in_hand & {RUN_GROUPS, SEND_MESSAGE}

    def carrier(self) -> Celery:
        """To publish by hand what the dispatcher publishes, and to ask workers what they are at; over a connection of
        one's own, for Celery keeps what it has made, and the broker may have died since.
        """
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

    def _start(
        self, name: str, command: list[str], settings: Mapping[str, str] | None = None, *, quickly: bool = False
    ) -> Part:
        """`quickly`: forked where that is wanted; `settings` can then be DATABASE_URL and REDIS_URL only."""
        environment = self._environment(name) | dict(settings or {})
        nursery = self.nursery if self.forking and quickly else None
        part = Part(name, command, environment, self.home / f"{name}.log", nursery)
        self.parts[name] = part
        part.start()
        return part

    def runs(self, name: str) -> bool:
        return name in self.parts and self.parts[name].running

    def _alive(self, name: str) -> Path:
        return self.home / f"alive-{name}"

    def _broker_pid(self) -> int:
        return int((self.home / "valkey" / "valkey.pid").read_text())

    def _postmaster(self) -> int:
        return int((self.home / "postgres" / "postmaster.pid").read_text().split()[0])

    def _environment(self, name: str) -> dict[str, str]:
        inherited = {key: value for key, value in os.environ.items() if key not in NOT_INHERITED}
        return inherited | {
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "EMBEDDED_HOME": str(self.home),
            "ALIVE_FILE": str(self._alive(name)),
            "LAB": "1",
            "PORT": str(self.port),
            "TRUSTED_PROXY_HOPS": "1",
            "C_FORCE_ROOT": "1",
            **self.settings,
        }

    def web_answers(self) -> bool:
        try:
            return self.customer().get("/healthz/").status == 200
        except OSError:
            return False
