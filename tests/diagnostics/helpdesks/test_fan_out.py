"""What happens to cases becomes notes for their tickets: one a change, three a case, nothing missed, nothing twice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from functools import partial

import pytest
from django.conf import LazySettings, settings
from django.utils import timezone

from diagnostics.codec import encode
from diagnostics.domain import Diagnosis, RankedCause, Stage, Strength, Verdict, Who
from diagnostics.models import Case, CaseEvent, CaseEventKind, Run, TicketNote
from diagnostics.services.case_events import publish
from diagnostics.services.note_text import about_resolution, about_run
from diagnostics.services.ticket_notes import make_notes
from tests.diagnostics.helpdesks.conftest import happen
from tests.diagnostics.helpdesks.desk import Desk

pytestmark = pytest.mark.django_db
FINISHED, RESOLVED = CaseEventKind.RUN_FINISHED, CaseEventKind.CASE_RESOLVED
ZENDESK = ("zendesk",)


@pytest.fixture
def case(open_one) -> Case:
    return open_one()


def found(case: Case, cause: str, verdict: Verdict = Verdict.CAUSE_FOUND) -> None:
    happen(case, FINISHED, run=1, verdict=verdict, cause=cause)


def fan_out(helpdesks: Collection[str]) -> int:
    """Publish the events that are new; how many notes come of them."""
    before = TicketNote.objects.count()
    publish((partial(make_notes, helpdesks=helpdesks),))
    return TicketNote.objects.count() - before


def test_a_finished_run_is_told(case: Case) -> None:
    found(case, "mx.null")
    assert fan_out(ZENDESK) == 1
    note = TicketNote.objects.get()
    assert (note.helpdesk, note.ticket, note.case) == ("zendesk", "4711", case)
    assert case.reference in note.text
    assert fan_out(ZENDESK) == 0


def test_that_a_case_was_opened_is_not(case: Case) -> None:
    assert CaseEvent.objects.filter(kind=CaseEventKind.CASE_CREATED).exists()
    assert fan_out(ZENDESK) == 0


def test_the_same_result_again_is_no_news(case: Case) -> None:
    for _ in range(3):
        found(case, "mx.null")
        fan_out(ZENDESK)
    assert TicketNote.objects.count() == 1
    found(case, "mailbox.full")
    assert fan_out(ZENDESK) == 1


def test_three_notes_a_case_and_the_last_is_how_it_ended(case: Case) -> None:
    for cause in ("mx.null", "mailbox.full", "mx.literal", "mailbox.unknown"):
        found(case, cause)
    happen(case, RESOLVED, cause="mailbox.full")
    happen(case, RESOLVED, cause="mx.null")
    fan_out(ZENDESK)
    kinds = [note.event.kind for note in TicketNote.objects.order_by("pk") if note.event]
    assert kinds == [FINISHED, FINISHED, RESOLVED]


def test_a_ticket_is_not_filled_by_opening_case_after_case(open_one) -> None:
    """Anybody can write an unsigned link with any ticket's number in it."""
    for _ in range(6):
        found(open_one(), "mx.null")
    fan_out(ZENDESK)
    assert TicketNote.objects.count() == 3
    assert all("unsigned link" in note.text and "example.org" in note.text for note in TicketNote.objects.all())
    vouched = open_one()
    Case.objects.filter(pk=vouched.pk).update(tier=1)
    found(vouched, "mx.null")
    assert fan_out(ZENDESK) == 1
    assert "unsigned" not in TicketNote.objects.order_by("pk").reverse()[0].text


@pytest.mark.parametrize("said", [{"ticket": ""}, {"helpdesk": "intercom"}, {"helpdesk": "", "ticket": ""}], ids=str)
def test_only_tickets_of_connected_helpdesks_get_notes(open_one, said: dict[str, str]) -> None:
    found(open_one(**said), "mx.null")
    assert fan_out(ZENDESK) == 0
    assert fan_out(("zendesk", "intercom")) == 0, "what is past is not told when a helpdesk is connected later"


def test_old_news_is_not_told(case: Case) -> None:
    found(case, "mx.null")
    CaseEvent.objects.update(at=timezone.now() - timedelta(hours=25))
    assert fan_out(ZENDESK) == 0


# --- The words ---


def with_diagnosis(case: Case, cause: RankedCause) -> CaseEvent:
    diagnosis = Diagnosis(verdict=Verdict.CAUSE_FOUND, causes=(cause,), answers=())
    Run.objects.filter(case=case).update(full_diagnosis=encode(diagnosis), verdict=diagnosis.verdict, cause=cause.cause)
    return happen(case, FINISHED, run=1, verdict=diagnosis.verdict, cause=cause.cause)


def test_a_note_says_what_sure_who_and_where(case: Case) -> None:
    cause = RankedCause("mx.null", Strength.PROVES, Stage.ROUTED, (Who.IT,), {"domain": "example.org"})
    said = about_run(case, with_diagnosis(case, cause))
    assert f"Case {case.reference}: cause found." in said
    assert "example.org" in said
    assert "This is proved." in said
    assert "Who can fix it: their IT." in said
    assert f"{settings.PORTAL_URL}/console/cases/{case.reference}/" in said


def test_a_note_names_no_address(case: Case) -> None:
    facts = {"domain": "anna@example.org", "address": "anna@example.org", "reply": "<anna@example.org> unknown"}
    for tag in ("mx.null", "mailbox.full", "address.typo"):
        cause = RankedCause(tag, Strength.HINTS, Stage.ROUTED, (Who.IT, Who.VENDOR), facts)
        said = about_run(case, with_diagnosis(case, cause))
        assert "anna@" not in said
        assert "This is likely, not proved." in said


def test_evidence_that_contradicts_itself_is_not_proof(case: Case) -> None:
    cause = RankedCause("mx.null", Strength.PROVES, Stage.ROUTED, (Who.IT,), against=("Does it arrive?",))
    assert "proved." in about_run(case, with_diagnosis(case, cause))
    assert "This is proved." not in about_run(case, with_diagnosis(case, cause))


def test_a_run_without_a_readable_diagnosis_still_says_its_verdict(case: Case) -> None:
    Run.objects.filter(case=case).update(full_diagnosis={"of": "another version"})
    event = happen(case, FINISHED, run=1, verdict=Verdict.INCONCLUSIVE, cause="")
    assert "could not find out" in about_run(case, event)
    assert "no.such-cause" in about_resolution(case, happen(case, RESOLVED, cause="no.such-cause"))
    assert "resolved" in about_resolution(case, happen(case, RESOLVED))


@pytest.mark.django_db(transaction=True)  # a worker's task ends with its connection
def test_the_dispatcher_and_a_worker_bring_it_to_the_ticket(
    case: Case, desk: Desk, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diagnostics import dispatch, tasks

    published: list[tuple[str, int]] = []
    monkeypatch.setattr(
        "celery.current_app.send_task", lambda name, args, queue, retry: published.append((queue, args[0]))
    )
    found(case, "mx.null")
    dispatch.publish_events()
    assert dispatch.publish_notes() == 1
    assert dispatch.publish_notes() == 0
    assert published == [("hook", TicketNote.objects.get().pk)]
    tasks.post_ticket_note(published[0][1])
    assert len(desk.notes) == 1
    assert not desk.notes[0].public
