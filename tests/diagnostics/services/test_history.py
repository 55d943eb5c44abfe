"""What people add to a case: looks, notes, resolutions; and one group asked anew."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from diagnostics.domain import ProbeGroup, SendOutcome
from diagnostics.models import (
    AuditEntry,
    Case,
    CaseEvent,
    CaseEventKind,
    CaseState,
    CaseView,
    GroupState,
    Note,
    Resolution,
    Viewer,
)
from diagnostics.probes.mx import MxHost, MxRecords
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.services import runs, views
from diagnostics.services.audit import Action, Actor
from diagnostics.services.cases import start_run
from diagnostics.services.notes import LONGEST, write_note
from diagnostics.services.reruns import run_group_again
from diagnostics.services.resolutions import reopen, resolve
from tests.diagnostics.taking import claim_group
from tests.portal.wizard.conftest import finish, opened, sent

AGENT = Actor("agent", "agent-one", "192.0.2.1")

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> Case:
    return opened()


@pytest.fixture
def full(case: Case) -> Case:
    """Its test message was refused because the mailbox is full."""
    finish(case)
    sent(case, outcome=SendOutcome.REFUSED, code=552, reply="5.2.2 mailbox full")
    case.refresh_from_db()
    return case


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


# --- looks ---


def test_a_look_is_kept_once_an_hour_and_viewer(case: Case, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        assert views.seen(case, Viewer.OWNER)
    assert not views.seen(case, Viewer.OWNER)
    assert views.seen(case, Viewer.AGENT, "agent-one")
    assert views.seen(case, Viewer.AGENT, "agent-two")
    assert not views.seen(case, Viewer.AGENT, "agent-one")
    assert CaseView.objects.count() == 3
    CaseView.objects.update(hour=timezone.now() - timedelta(hours=3))
    assert views.seen(case, Viewer.OWNER), "the next hour is another look"


def test_a_case_that_is_gone_is_not_looked_at(case: Case) -> None:
    pk = case.pk
    case.delete()
    case.pk = pk
    assert not views.seen(case, Viewer.IT)


# --- notes ---


def test_a_note_is_kept_and_audited_without_its_words(case: Case) -> None:
    note = write_note(case, " called the customer\r\nwill try again \x00", AGENT)
    assert (note.text, note.author) == ("called the customer\nwill try again", "agent-one")
    (entry,) = AuditEntry.objects.all()
    assert (entry.action, entry.reference) == (Action.NOTE_WRITTEN, case.reference)
    assert "customer" not in str(entry.detail)


def test_a_button_pressed_twice_keeps_one_note(case: Case) -> None:
    for _ in range(2):
        write_note(case, "the same", AGENT)
    write_note(case, "the same", Actor("agent", "agent-two"))
    assert Note.objects.count() == 2


@pytest.mark.parametrize("text", ["", " \n ", "x" * (LONGEST + 1)], ids=["empty", "blank", "too long"])
def test_what_is_no_note_is_not_kept(case: Case, text: str) -> None:
    with pytest.raises(ValueError, match="a note has"):
        write_note(case, text, AGENT)
    assert not AuditEntry.objects.exists()


# --- resolutions ---


def test_a_resolution_stands_beside_what_the_diagnosis_said(full: Case) -> None:
    made = resolve(full, "domain.gone", AGENT)
    assert (made.true_cause, made.verdict, made.by) == ("domain.gone", "cause_found", "agent-one")
    assert made.causes[0] == "mailbox.full"
    assert Case.objects.get().state == full.state == CaseState.RESOLVED
    event = CaseEvent.objects.get(kind=CaseEventKind.CASE_RESOLVED)
    assert event.data == {"cause": "domain.gone"}
    assert actions() == [Action.CASE_RESOLVED]


def test_the_same_again_changes_nothing_and_another_cause_corrects_it(full: Case) -> None:
    first = resolve(full, "mailbox.full", AGENT)
    assert resolve(full, "mailbox.full", AGENT) == first
    resolve(full, "", AGENT, known=False)
    assert [one.true_cause for one in Resolution.objects.order_by("pk")] == ["mailbox.full", ""]
    assert CaseEvent.objects.filter(kind=CaseEventKind.CASE_RESOLVED).count() == 2


@pytest.mark.parametrize(("cause", "known"), [("no.such-cause", True), ("mailbox.full", False)])
def test_what_is_no_true_cause_changes_nothing(full: Case, cause: str, known: bool) -> None:
    with pytest.raises(ValueError, match="no cause"):
        resolve(full, cause, AGENT, known=known)
    assert Case.objects.get().state == CaseState.OPEN


def test_a_reopened_case_is_as_it_was(full: Case) -> None:
    resolve(full, "mailbox.full", AGENT)
    assert reopen(full, AGENT)
    assert Case.objects.get().state == full.state == CaseState.OPEN
    assert Resolution.objects.get().reopened_by == "agent-one"
    assert not reopen(full, AGENT), "it is open already"
    resolve(full, "mailbox.full", AGENT)
    assert Resolution.objects.filter(reopened_at=None).count() == 1


def test_a_case_that_is_being_checked_is_reopened_as_such(case: Case) -> None:
    resolve(case, "", AGENT)
    assert reopen(case, AGENT)
    assert Case.objects.get().state == CaseState.CHECKING


# --- one group ---


def finish_queued(case: Case) -> None:
    run = case.runs.order_by("-number")[0]
    for group in run.groups.filter(state=GroupState.QUEUED):
        claim = claim_group(group.pk)
        assert claim
        runs.finish_group(claim)


def test_one_group_is_asked_and_the_others_are_carried_over(case: Case) -> None:
    finish(case, MxRecords("ok", (MxHost(10, "mx.example.org"),)), ServerPorts(()))  # type: ignore[arg-type]
    before = case.runs.get()
    run = run_group_again(case, ProbeGroup.PORTS, asked_by="agent-one")
    assert (run.number, run.asked_by, run.finished) == (2, "agent-one", False)
    assert list(run.groups.filter(state=GroupState.QUEUED).values_list("name", flat=True)) == ["ports"]
    old, new = (one.records.get(kind="MxRecords") for one in (before, run))
    assert (new.at, new.data, new.vantage) == (old.at, old.data, old.vantage)
    assert not run.records.filter(kind="ServerPorts").exists()
    finish_queued(case)
    run.refresh_from_db()
    assert run.finished
    assert before.records.filter(kind="ServerPorts").exists(), "what was seen before stays with its run"


def test_a_refusal_still_counts_where_another_group_is_asked_anew(full: Case) -> None:
    run_group_again(full, ProbeGroup.DNS, asked_by="agent-one")
    finish_queued(full)
    full.refresh_from_db()
    assert full.cause == "mailbox.full"


def test_our_records_alone_can_be_asked_anew(full: Case) -> None:
    run = run_group_again(full, ProbeGroup.RECORDS, asked_by="agent-one")
    run.refresh_from_db()
    assert run.finished, "no public page waits for our records"
    finish_queued(full)
    assert not run.groups.exclude(state=GroupState.DONE).exists()


def test_a_run_that_is_under_way_is_as_good(full: Case) -> None:
    running = start_run(full, asked_by="agent-one")
    assert run_group_again(full, ProbeGroup.DNS, asked_by="agent-one") == running
