"""Signed links, made, seen and revoked by agents; and the way back to the ticket."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from diagnostics.models import AuditEntry, Case, DeepLink, NoteState, TicketNote
from portal.roles import Role
from tests.agents import make_agent

pytestmark = pytest.mark.django_db
TICKET = "/console/tickets/zendesk/4711/links/"
FORM = {"article": "timeclock", "company_id": "ACME-1", "address": "anna@example.org"}


def link_in(page: str) -> str:
    found = re.search(r"http[^<\s]*/l/[A-Za-z0-9_-]{22}/", page)
    assert found
    return urlsplit(found[0]).path


def test_an_agent_makes_a_link_for_a_ticket(console: Client) -> None:
    page = console.post(TICKET, FORM).content.decode()
    link = DeepLink.objects.get()
    assert (link.helpdesk, link.ticket, link.made_by) == ("zendesk", "4711", "agent-one")
    assert Client().get(link_in(page)).status_code == 200
    assert link_in(page) not in console.get(TICKET).content.decode(), "it is shown once"
    entry = AuditEntry.objects.get(action="link.made")
    assert entry.actor == "agent-one"
    assert "anna" not in json.dumps(entry.detail)


@pytest.mark.parametrize(
    "wrong",
    [
        {"article": "nothing"},
        {"company_id": ""},
        {"company_id": "A" * 65},
        {"company_id": "A\u202eB"},
        {"address": "anna"},
        {"address": "anna@localhost"},
    ],
    ids=str,
)
def test_bad_input_is_named_and_makes_none(console: Client, wrong: dict[str, str]) -> None:
    page = console.post(TICKET, {**FORM, **wrong}).content.decode()
    assert "There is a problem" in page
    assert not DeepLink.objects.exists()


def test_a_case_that_support_opened_gets_a_further_link(console: Client, open_one) -> None:
    case = open_one("anna@example.org", tier=1, helpdesk="zendesk", ticket="4711")
    page = console.post(f"/console/cases/{case.reference}/links/").content.decode()
    location = Client().post(link_in(page))["Location"]
    assert location == f"/cases/{case.reference}/"
    assert Case.objects.count() == 1


def test_a_case_that_anybody_may_have_opened_shows_its_holder_no_more(console: Client, open_one) -> None:
    case = open_one("anna@example.org", helpdesk="zendesk", ticket="4711")
    page = console.post(f"/console/cases/{case.reference}/links/").content.decode()
    assert Client().post(link_in(page))["Location"] != f"/cases/{case.reference}/"
    case.refresh_from_db()
    assert case.tier == 0
    assert Case.objects.filter(tier=1, address=case.address, ticket="4711").count() == 1


def test_a_revoked_link_opens_nothing(console: Client) -> None:
    path = link_in(console.post(TICKET, FORM).content.decode())
    link = DeepLink.objects.get()
    response = console.post(f"/console/links/{link.pk}/revoke/")
    assert response["Location"] == TICKET
    assert Client().get(path).status_code == 404
    assert "Revoked" in console.get(TICKET).content.decode()
    assert AuditEntry.objects.filter(action="link.revoked").count() == 1
    console.post(f"/console/links/{link.pk}/revoke/")
    assert AuditEntry.objects.filter(action="link.revoked").count() == 1


def test_the_list_says_what_became_of_each(console: Client) -> None:
    for _ in range(3):
        path = link_in(console.post(TICKET, FORM).content.decode())
    Client().post(path)
    first = DeepLink.objects.order_by("pk")[0]
    DeepLink.objects.filter(pk=first.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    page = console.get(TICKET).content.decode()
    assert all(state in page for state in ("Expired", "Not opened yet", "Opened"))
    assert "anna@" not in page.partition("Links so far")[2]


def test_looking_makes_none(console: Client, open_one) -> None:
    case = open_one()
    for path in (TICKET, f"/console/cases/{case.reference}/links/"):
        assert console.get(path).status_code == 200
    assert not DeepLink.objects.exists()


@pytest.mark.parametrize("path", [TICKET, "/console/links/1/revoke/", "/console/ticket-notes/1/again/"])
def test_auditors_make_and_revoke_none(client: Client, path: str) -> None:
    client.force_login(make_agent("auditor-one", Role.AUDITOR))
    assert client.post(path, FORM).status_code == 403
    assert not DeepLink.objects.exists()


def test_there_is_a_way_back_to_the_ticket(console: Client, worked: Case, settings: LazySettings) -> None:
    pages = (f"/console/cases/{worked.reference}/", "/console/tickets/zendesk/4712/")
    assert not any("Back to the ticket" in console.get(page).content.decode() for page in pages)
    settings.ZENDESK_URL, settings.ZENDESK_EMAIL, settings.ZENDESK_TOKEN = "https://desk.example.org", "a@b.org", "key"
    assert 'href="https://desk.example.org/agent/tickets/4711"' in console.get(pages[0]).content.decode()
    assert 'href="https://desk.example.org/agent/tickets/4712"' in console.get(pages[1]).content.decode()


def test_a_ticket_written_oddly_has_no_way_back(console: Client, open_one, settings: LazySettings) -> None:
    settings.ZENDESK_URL, settings.ZENDESK_EMAIL, settings.ZENDESK_TOKEN = "https://desk.example.org", "a@b.org", "key"
    case = open_one(helpdesk="zendesk", ticket="..:evil.example.org")
    page = console.get(f"/console/cases/{case.reference}/").content.decode()
    assert "Back to the ticket" not in page


def test_a_note_that_did_not_get_there_can_be_tried_again(console: Client, worked: Case) -> None:
    note = TicketNote.objects.create(
        case=worked,
        helpdesk="zendesk",
        ticket="4711",
        note_id="n",
        text="",
        state=NoteState.FAILED,
        detail="status 422",
    )
    assert "status 422" in console.get(f"/console/cases/{worked.reference}/").content.decode()
    assert console.post(f"/console/ticket-notes/{note.pk}/again/").status_code == 302
    note.refresh_from_db()
    assert note.state == NoteState.QUEUED
    assert console.post(f"/console/ticket-notes/{note.pk}/again/").status_code == 302
    tried = AuditEntry.objects.filter(action="ticket-note.retried")
    assert [(one.actor, one.reference, one.detail) for one in tried] == [
        ("agent-one", worked.reference, {"note": note.pk})
    ]
