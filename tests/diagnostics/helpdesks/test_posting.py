"""A note is on its ticket at most once, whatever is lost on the way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from diagnostics import tasks
from diagnostics.articles import article
from diagnostics.domain import Address
from diagnostics.models import Case, DeepLink, NoteState, TicketNote
from diagnostics.services import ticket_notes
from diagnostics.services.cases import token_hash
from diagnostics.services.deep_links import live_link, make_link
from tests.diagnostics.helpdesks.desk import Desk, Fault

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def one_transaction(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks give their database connection back while they wait, which this test's transaction would not survive."""
    monkeypatch.setattr(connections["default"], "close", lambda: None)


@pytest.fixture
def case(open_one) -> Case:
    return open_one()


@pytest.fixture
def note(case: Case) -> TicketNote:
    return TicketNote.objects.create(
        case=case, helpdesk="zendesk", ticket="4711", note_id="portal-note-0123456789abcdef", text="What we found."
    )


def post(note: TicketNote) -> TicketNote:
    """What a worker does with it, now."""
    TicketNote.objects.filter(pk=note.pk, state=NoteState.QUEUED).update(next_try_at=timezone.now())
    tasks.post_ticket_note(note.pk)
    note.refresh_from_db()
    return note


def test_a_note_gets_onto_its_ticket(desk: Desk, note: TicketNote) -> None:
    assert post(note).state == NoteState.POSTED
    assert note.finished_at
    assert [kept.text.startswith("What we found.") for kept in desk.notes] == [True]
    assert "anna" not in desk.notes[0].text


def test_a_second_delivery_posts_nothing(desk: Desk, note: TicketNote) -> None:
    for _ in range(3):
        tasks.post_ticket_note(note.pk)
    assert len(desk.notes) == 1


def test_a_note_that_waits_is_left_alone(desk: Desk, note: TicketNote) -> None:
    TicketNote.objects.update(next_try_at=timezone.now() + timedelta(minutes=1))
    tasks.post_ticket_note(note.pk)
    assert desk.seen == []


@pytest.mark.parametrize("fault", [Fault(0, taken=True), Fault(502, taken=True), Fault(200, taken=True, content=b"?")])
def test_a_lost_answer_does_not_post_twice(desk: Desk, note: TicketNote, fault: Fault) -> None:
    desk.faults = [fault]
    post(note)
    assert post(note).state == NoteState.POSTED
    assert len(desk.notes) == 1


def test_an_answer_that_comes_too_late_does_not_post_twice(
    desk: Desk, note: TicketNote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticket_notes, "POST_SECONDS", 0.3)
    desk.faults = [Fault(200, taken=True, after=1.5)]
    assert post(note).state == NoteState.QUEUED
    assert note.detail == "time limit"
    assert post(note).state == NoteState.POSTED
    assert len(desk.notes) == 1


def test_a_worker_lost_after_the_post_does_not_post_twice(desk: Desk, note: TicketNote) -> None:
    assert ticket_notes.claim(note.pk)
    desk.answer(
        "PUT", "/api/v2/tickets/4711", {}, {"ticket": {"comment": {"html_body": note.note_id, "public": False}}}
    )
    TicketNote.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert ticket_notes.requeue_lost() == 1
    assert post(note).state == NoteState.POSTED
    assert len(desk.notes) == 1


def test_a_worker_lost_before_the_post_is_made_up_for(desk: Desk, note: TicketNote) -> None:
    assert ticket_notes.claim(note.pk)
    assert ticket_notes.requeue_lost() == 0, "its lease runs"
    TicketNote.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert ticket_notes.requeue_lost() == 1
    assert post(note).state == NoteState.POSTED
    assert len(desk.notes) == 1


def test_a_late_worker_changes_nothing(desk: Desk, note: TicketNote) -> None:
    late = ticket_notes.claim(note.pk)
    assert late
    TicketNote.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    ticket_notes.requeue_lost()
    post(note)
    ticket_notes.refused(late, "status 404")
    ticket_notes.unknown(late, "status 500")
    note.refresh_from_db()
    assert note.state == NoteState.POSTED


@pytest.mark.parametrize("ticket", ["04711", "4711#1", "..", "4711.", "4711:"])
def test_another_spelling_of_a_ticket_gets_no_note(desk: Desk, note: TicketNote, ticket: str) -> None:
    """It would get round the limit of notes on one ticket, or lead to another address."""
    TicketNote.objects.update(ticket=ticket)
    assert post(note).state == NoteState.FAILED
    assert note.detail == "the helpdesk has no such ticket"
    assert desk.seen == []


def test_if_the_ticket_cannot_be_looked_at_nothing_is_posted(desk: Desk, note: TicketNote) -> None:
    desk.faults, desk.reading_faults = [Fault(0)], [Fault(500)]
    assert post(note).state == NoteState.QUEUED
    assert post(note).state == NoteState.QUEUED
    assert [method for method, _path, _headers in desk.seen] == ["PUT", "GET"]
    assert post(note).state == NoteState.POSTED


@pytest.mark.parametrize("status", [401, 429, 503])
def test_what_may_change_is_tried_again_later(desk: Desk, note: TicketNote, status: int) -> None:
    desk.faults = [Fault(status, headers=(("Retry-After", "7200"),))]
    post(note)
    assert note.state == NoteState.QUEUED
    assert note.dispatched_at is None
    assert note.detail == f"status {status}"
    assert note.next_try_at > timezone.now() + timedelta(seconds=7100)


def test_pauses_grow(desk: Desk, note: TicketNote) -> None:
    pauses = []
    for _ in range(4):
        desk.faults, desk.reading_faults = [Fault(500)], []
        post(note)
        pauses.append((note.next_try_at - timezone.now()).total_seconds())
    assert pauses == sorted(pauses)
    assert pauses[0] > 50


def test_a_closed_ticket_ends_it(desk: Desk, note: TicketNote) -> None:
    desk.faults = [Fault(422)]
    assert post(note).state == NoteState.FAILED
    assert note.detail == "status 422"


def test_after_a_day_it_is_given_up(desk: Desk, note: TicketNote) -> None:
    TicketNote.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))
    assert post(note).state == NoteState.FAILED
    assert desk.seen == []
    TicketNote.objects.update(state=NoteState.QUEUED)
    assert ticket_notes.give_up_old() == 1


def test_no_try_is_planned_beyond_the_day(desk: Desk, note: TicketNote) -> None:
    TicketNote.objects.update(created_at=timezone.now() - timedelta(hours=23, minutes=59, seconds=30))
    desk.faults = [Fault(503)]
    assert post(note).state == NoteState.FAILED


def test_an_agent_may_have_it_tried_again(desk: Desk, note: TicketNote) -> None:
    desk.faults = [Fault(422, taken=True)]
    post(note)
    assert ticket_notes.try_again(note)
    assert not ticket_notes.try_again(note)
    assert post(note).state == NoteState.POSTED
    assert len(desk.notes) == 1, "it was looked for first"


def test_a_helpdesk_that_is_no_longer_connected(note: TicketNote) -> None:
    assert post(note).state == NoteState.FAILED
    assert "no longer connected" in note.detail


# --- Notes that bring a link ---


@pytest.fixture
def link_note(db: None) -> TicketNote:
    timeclock = article("timeclock")
    assert timeclock is not None
    token = make_link(
        article=timeclock,
        company_id="ACME-1",
        address=Address("anna", "example.org"),
        helpdesk="zendesk",
        ticket="4711",
    )
    return ticket_notes.bring_link(DeepLink.objects.get(token_hash=token_hash(token)))


def token_in(text: str) -> str:
    return text.partition("/l/")[2].partition("/")[0]


def test_the_link_on_the_ticket_works_and_is_kept_nowhere_else(desk: Desk, link_note: TicketNote) -> None:
    assert post(link_note).state == NoteState.POSTED
    token = token_in(desk.notes[0].text)
    assert live_link(token) == link_note.link
    assert token not in str(TicketNote.objects.values().get())
    assert "anna" not in desk.notes[0].text


def test_a_lost_answer_leaves_the_link_on_the_ticket_alive(desk: Desk, link_note: TicketNote) -> None:
    desk.faults = [Fault(0, taken=True)]
    post(link_note)
    assert post(link_note).state == NoteState.POSTED
    assert len(desk.notes) == 1
    assert live_link(token_in(desk.notes[0].text))


def test_a_link_that_never_got_there_is_replaced(desk: Desk, link_note: TicketNote) -> None:
    desk.faults = [Fault(500)]
    post(link_note)
    before = DeepLink.objects.get().token_hash
    post(link_note)
    assert DeepLink.objects.get().token_hash != before
    assert live_link(token_in(desk.notes[0].text))


def test_a_revoked_link_is_not_brought(desk: Desk, link_note: TicketNote) -> None:
    DeepLink.objects.update(revoked_at=timezone.now())
    assert post(link_note).state == NoteState.FAILED
    assert desk.notes == []
