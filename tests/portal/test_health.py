"""Health answers of a real web server beside a real database and a real broker, which are stopped and frozen."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from portal.embedded import Servers
from portal.looks import Look
from portal.spare_ports import free_port
from tests.customer import eventually

ROOT = Path(__file__).resolve().parents[2]
WEB = ["--interface", "wsgi", "--host", "127.0.0.1", "--blocking-threads", "4", "--workers-kill-timeout", "10"]
LIMIT = 5.0
"""Seconds within which each health answer must be there."""
READY = {"status": "ok", "database": "ok", "dispatcher": "ok", "queue": "ok", "broker": "ok"}


@dataclass
class Site:
    servers: Servers
    port: int
    process: subprocess.Popen[bytes]

    def ask(self, path: str = "/readyz/") -> tuple[int, dict[str, str], float]:
        began = time.monotonic()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
                return answer.status, json.load(answer), time.monotonic() - began
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.load(refused), time.monotonic() - began

    def query(self, sql: str) -> None:
        with psycopg.connect(self.servers.database_url, autocommit=True, connect_timeout=10) as database:
            database.execute(sql)

    def answers(self) -> bool:
        try:
            return self.ask("/healthz/")[0] == 200
        except OSError:
            return False


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    servers = Servers(tmp_path_factory.mktemp("health") / "home", durable=False)
    servers.start()
    try:
        migrate = [sys.executable, "manage.py", "migrate", "-v0"]
        subprocess.run(migrate, cwd=ROOT, env=environment(servers, 8000), check=True, timeout=90)
        yield servers
    finally:
        servers.delete()


@pytest.fixture(scope="module")
def running_site(servers: Servers) -> Iterator[Site]:
    with serving(servers, pause="20") as site:
        yield site


@pytest.fixture
def site(running_site: Site) -> Site:
    running_site.query("TRUNCATE diagnostics_case CASCADE")
    running_site.query(
        "INSERT INTO diagnostics_heartbeat VALUES ('dispatcher', now() + interval '10 minutes')"
        " ON CONFLICT (name) DO UPDATE SET at = excluded.at"
    )
    assert running_site.ask()[:2] == (200, READY)
    return running_site


def environment(servers: Servers, port: int) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "REDIS_"))}
    return inherited | {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "EMBEDDED_HOME": str(servers.home),
        "PORT": str(port),
        "STATEMENT_TIMEOUT_MS": "5000",
    }


@contextmanager
def serving(servers: Servers, *, pause: str) -> Iterator[Site]:
    port = free_port()
    granian = [sys.executable, "-m", "granian", *WEB, "--port", str(port), "portal.wsgi:application"]
    process = subprocess.Popen(
        [sys.executable, "-m", "portal.drain", *granian],
        cwd=ROOT,
        env=environment(servers, port) | {"DRAIN_SECONDS": pause},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    site = Site(servers, port, process)
    try:
        eventually(site.answers, 60, "the web server")
        yield site
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


@contextmanager
def frozen(pids: list[int]) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def postgres_processes(servers: Servers) -> list[int]:
    first = int((servers.home / "postgres" / "postmaster.pid").read_text().split()[0])
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(first)], capture_output=True, text=True, check=True)
    return [first, *map(int, children.stdout.split())]


def queued_group(seconds_ago: int, *, begun: bool = False) -> str:
    """SQL for one group that was queued that long ago; `begun`: it has been at work before and came back just now."""
    started, dispatched = ("now() - interval '1 day'", "now()") if begun else ("NULL", "NULL")
    return f"""
        WITH one_case AS (
            INSERT INTO diagnostics_case (reference, article, vendor, company_id, address, domain, device_model,
                asked_at, origin, helpdesk, ticket, tier, proved_by_dns, language, created_at, state, verdict, cause,
                gateway, provider)
            VALUES ('HEALTH01', 'timeclock', 'timeclock', '', '', '', '', '', 'portal', '', '', 0, false, 'en', now(),
                'checking', '', '', '', '') RETURNING id
        ), one_run AS (
            INSERT INTO diagnostics_run (case_id, number, asked_by, created_at, verdict, cause, version, full_version)
            SELECT id, 1, 'customer', now(), '', '', 0, 0 FROM one_case RETURNING id
        )
        INSERT INTO diagnostics_group (run_id, name, state, attempt, created_at, started_at, dispatched_at)
        SELECT id, 'dns', 'queued', 0, now() - interval '{seconds_ago} seconds', {started}, {dispatched} FROM one_run
    """  # noqa: S608 - our own words


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "part"),
    [
        ("UPDATE diagnostics_heartbeat SET at = now() - interval '61 seconds'", {"dispatcher": "silent"}),
        ("DELETE FROM diagnostics_heartbeat", {"dispatcher": "silent"}),
        (queued_group(65), {"queue": "late"}),
        (queued_group(30), {}),
        (queued_group(86_400, begun=True), {}),
    ],
    ids=["silent dispatcher", "never a dispatcher", "late group", "group in time", "group that came back"],
)
def test_what_does_not_work_is_named(site: Site, change: str, part: dict[str, str]) -> None:
    site.query(change)
    status, body, _ = site.ask()
    assert (status, body) == ((503, READY | part | {"status": "unavailable"}) if part else (200, READY))
    assert site.ask("/readyz/intake/")[:2] == (200, {"status": "ok", "database": "ok"})


@pytest.mark.slow
def test_a_frozen_broker_is_told_in_time_and_hinders_no_intake(site: Site) -> None:
    pid = int((site.servers.home / "valkey" / "valkey.pid").read_text())
    with frozen([pid]):
        status, body, seconds = site.ask()
        assert (status, body["broker"], body["database"]) == (503, "unreachable", "ok")
        assert seconds < LIMIT
        assert site.ask("/readyz/intake/")[0] == 200
    eventually(lambda: site.ask()[0] == 200, 30, "the broker is back")


@pytest.mark.slow
def test_a_frozen_database_is_told_in_time(site: Site) -> None:
    with frozen(postgres_processes(site.servers)):
        asked: list[tuple[int, dict[str, str], float]] = []
        askers = [threading.Thread(target=lambda: asked.append(site.ask())) for _ in range(3)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join(30)
        assert [status for status, _, _ in asked] == [503] * 3
        assert {body["database"] for _, body, _ in asked} <= {"frozen", "unreachable"}
        assert max(seconds for _, _, seconds in asked) < LIMIT
        assert site.ask("/readyz/intake/")[0] == 503
        assert site.ask("/healthz/")[0] == 200
    eventually(lambda: site.ask()[0] == 200, 30, "the database is back")


@pytest.mark.slow
def test_a_web_server_finishes_what_it_has_begun_and_says_before_that_it_goes(servers: Servers) -> None:
    with serving(servers, pause="120") as site, psycopg.connect(servers.database_url) as holding:
        holding.execute("LOCK TABLE diagnostics_case, diagnostics_caselink IN ACCESS EXCLUSIVE MODE")
        visitor = _visit(site.port, "/c/a-token-that-leads-nowhere/")
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        with psycopg.connect(servers.database_url, autocommit=True) as other:
            eventually(lambda: other.execute(waiting).fetchone(), 30, "the visitor waits")
            site.process.send_signal(signal.SIGTERM)
            eventually(lambda: site.ask("/readyz/intake/")[0] == 503, 10, "it says that it goes")
            assert site.ask()[1] == {"status": "stopping"}
            assert site.ask("/healthz/")[0] == 200  # and still answers
            site.process.send_signal(signal.SIGTERM)  # the pause ends
            eventually(lambda: not site.answers(), 20, "nobody new is taken")
        assert site.process.poll() is None
        holding.rollback()
        assert visitor.recv(12) == b"HTTP/1.1 404"
        assert site.process.wait(30) == 0
        visitor.close()


@pytest.mark.slow
@pytest.mark.parametrize(("command", "status"), [("exit 3", 3), ("kill -9 $$", 137)], ids=["exit", "killed"])
def test_a_server_that_ends_by_itself_ends_the_watch_over_it(command: str, status: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "portal.drain", "sh", "-c", command], cwd=ROOT, timeout=20, check=False
    )
    assert done.returncode == status


def test_a_pause_that_is_no_number_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "portal.drain", "true"],
        cwd=ROOT,
        env=os.environ | {"DRAIN_SECONDS": "soon"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 64
    assert "DRAIN_SECONDS must be a number" in done.stderr


def test_many_who_ask_at_once_share_one_look() -> None:
    asked, go_on = [], threading.Event()

    def ask() -> str:
        asked.append(threading.current_thread())
        go_on.wait(20)
        return "seen"

    look = Look(ask, 0.05)
    assert [look.answer(), look.answer()] == [None, None]
    assert len(asked) == 1
    go_on.set()
    asked[0].join(20)
    assert look.answer() == "seen"
    assert len(asked) == 2


def test_what_a_look_raises_reaches_who_asked() -> None:
    def ask() -> str:
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        Look(ask, 20).answer()


def _visit(port: int, path: str) -> socket.socket:
    visitor = socket.create_connection(("127.0.0.1", port), timeout=30)
    visitor.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
    return visitor
