"""The ways that returned messages come in: from a pipe, from a mailbox, from the lab."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from diagnostics import tasks
from diagnostics.articles import article
from diagnostics.domain import Address, SendOutcome, Transmission
from diagnostics.lab.behaviours import Bounce, Folder
from diagnostics.lab.bounce import delivery_status
from diagnostics.lab.mailbox import keep
from diagnostics.models import Case, Purpose, SenderEvent
from diagnostics.services.cases import Report, open_case
from diagnostics.services.messages import Envelope, claim_message, finish_message, request_message
from tests.dovecot import Dovecot, dovecot

ROOT = Path(__file__).resolve().parents[2]
UNKNOWN = Bounce("550 5.1.1 <{recipient}>: Recipient address rejected: User unknown", host="store.example.org")
NO_BOUNCE = b"From: anna@example.org\r\nSubject: Hello\r\n\r\nHow are you?\r\n"

pytestmark = pytest.mark.serial


@pytest.fixture
def case(db: None) -> Case:
    timeclock = article("timeclock")
    assert timeclock is not None
    return open_case(Report(timeclock, "A", Address("anna", "example.org"), source="192.0.2.1"))


@pytest.fixture
def sent(case: Case, settings) -> Envelope:
    settings.BOUNCE_ADDRESS = "bounces@bounces.example.org"
    address = Address("anna", "example.org")
    message = request_message(case, purpose=Purpose.PRIMARY, address=address, source="192.0.2.9")
    envelope = claim_message(message.pk)
    assert envelope
    finish_message(message.pk, Transmission(SendOutcome.ACCEPTED, "direct", "mx.example.org"))
    return envelope


@pytest.fixture
def bounce(sent: Envelope) -> bytes:
    return delivery_status(
        UNKNOWN, host="mx.example.org", sender=sent.sender, recipient="anna@example.org", content=sent.content
    )


def causes(case: Case) -> list[str]:
    run = case.runs.get()
    return [run.cause]


# --- a pipe ---


def pipe(raw: bytes, monkeypatch: pytest.MonkeyPatch, *options: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    call_command("ingest_bounce", *options)


def test_a_bounce_from_a_pipe_reaches_its_case(case: Case, bounce: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(bounce, monkeypatch)
    assert causes(case) == ["mailbox.unknown"]


def test_the_mail_server_names_the_return_path(
    case: Case, sent: Envelope, bounce: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = bounce.replace(sent.sender.encode(), b"bounces@example.com")
    message_id = case.test_messages.get().message_id.encode()
    monkeypatch.setenv("ORIGINAL_RECIPIENT", sent.sender)
    pipe(elsewhere.replace(message_id, b"<other@example.com>"), monkeypatch)
    assert causes(case) == ["mailbox.unknown"]


@pytest.mark.parametrize("raw", [b"", NO_BOUNCE, b"x" * (11 * 1024 * 1024)], ids=["nothing", "a letter", "11 MB"])
def test_what_is_about_nothing_of_ours_is_no_fault(db: None, raw: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(raw, monkeypatch)
    assert not SenderEvent.objects.exists()


def test_without_a_database_the_mail_server_is_to_try_again(bounce: bytes) -> None:
    environment = {**os.environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    command = [sys.executable, "manage.py", "ingest_bounce"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, input=bounce, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == os.EX_TEMPFAIL, done.stderr
    assert b"Traceback" not in done.stderr


# --- a mailbox ---


@pytest.fixture
def mailbox(settings) -> Iterator[Dovecot]:
    with dovecot() as server:
        settings.BOUNCE_IMAP_URL = server.plain_url
        yield server


def test_the_mailbox_is_read_once(case: Case, bounce: bytes, mailbox: Dovecot) -> None:
    mailbox.deliver(NO_BOUNCE)
    mailbox.deliver(bounce)
    assert tasks.read_bounces() == 2
    assert causes(case) == ["mailbox.unknown"]
    assert tasks.read_bounces() == 0


def test_what_was_not_kept_is_read_again(
    case: Case, bounce: bytes, mailbox: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox.deliver(bounce)
    with monkeypatch.context() as broken:
        broken.setattr("diagnostics.services.bounces.read_bounce", _database_gone)
        with pytest.raises(OperationalError):
            tasks.read_bounces()
    assert tasks.read_bounces() == 1
    assert causes(case) == ["mailbox.unknown"]


def _database_gone(raw: bytes) -> None:
    raise OperationalError("the connection is closed")


def test_a_mailbox_that_is_away_is_logged_without_its_password(settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.BOUNCE_IMAP_URL = "imap://user:s3cret@127.0.0.1:1/INBOX"
    assert tasks.read_bounces() == 0
    assert "127.0.0.1: ConnectionRefusedError" in caplog.text
    assert "s3cret" not in caplog.text


def test_reading_what_is_not_set_is_said(settings) -> None:
    settings.BOUNCE_IMAP_URL, settings.LAB = "", False
    assert tasks.read_bounces() == 0
    with pytest.raises(CommandError, match="BOUNCE_IMAP_URL is not set"):
        call_command("read_bounces")


# --- the lab ---


def test_what_the_labs_servers_send_back_is_read_once(
    case: Case, sent: Envelope, bounce: bytes, settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.BOUNCE_IMAP_URL, settings.LAB, settings.LAB_STATE = "", True, tmp_path / "state.json"
    keep(tmp_path / "mail", sent.sender, Folder.INBOX, bounce)
    keep(tmp_path / "mail", "anna@example.org", Folder.INBOX, sent.content)
    call_command("read_bounces")
    assert capsys.readouterr().out == "1 messages\n"
    assert causes(case) == ["mailbox.unknown"]
    assert tasks.read_bounces() == 0
    assert len(list((tmp_path / "mail").rglob("*.eml"))) == 1
