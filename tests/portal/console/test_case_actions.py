"""What agents do on a case's page: each audited, each with clear words, nothing lost of what was typed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from diagnostics.addresses import one_spelling
from diagnostics.models import AuditEntry, Case, CaseLink, CaseState, MailStop, Note, Resolution, Run, TestMessage
from diagnostics.services import limits
from diagnostics.services.audit import Action
from portal.roles import Role
from tests.agents import make_agent
from tests.portal.console.test_case import url


def post(console: Client, case: Case, action: str, **said: str) -> str:
    return console.post(f"{url(case)}{action}/", said, follow=True).content.decode()


def audited() -> list[str]:
    return list(AuditEntry.objects.exclude(action=Action.CASE_READ).order_by("pk").values_list("action", flat=True))


# --- run again ---


@pytest.mark.parametrize(("group", "words"), [("", "Run 3 is under way."), ("dns", "DNS is asked anew")])
def test_run_again_is_audited(console: Client, worked: Case, group: str, words: str) -> None:
    assert words in post(console, worked, "again", group=group)
    assert worked.runs.count() == 3
    assert audited() == [Action.RUN_STARTED]
    entry = AuditEntry.objects.get(action=Action.RUN_STARTED)
    assert entry.detail == {"run": 3, "group": group}


def test_an_agent_whom_somebody_called_customer_is_no_customer(client: Client, worked: Case) -> None:
    client.force_login(make_agent("customer"))
    assert "Run 3 is under way" in post(client, worked, "again")
    assert worked.runs.latest("number").asked_by == "agent customer"


def test_a_group_that_there_is_not_starts_nothing(console: Client, worked: Case) -> None:
    assert "There is no such group" in post(console, worked, "again", group="everything")
    assert worked.runs.count() == 2
    assert audited() == []


# --- the test message ---


def test_a_test_message_is_asked_for_and_audited(console: Client, open_one) -> None:
    case = open_one()
    assert "The test message is on its way" in post(console, case, "message")
    message = TestMessage.objects.get()
    assert (message.address, message.state) == (case.address, "queued")
    assert audited() == [Action.MESSAGE_SENT]


def test_a_run_has_one_test_message(console: Client, worked: Case) -> None:
    assert "Run again first" in post(console, worked, "message")
    assert TestMessage.objects.count() == 1
    assert audited() == []


def test_a_limit_is_said_with_its_end(console: Client, open_one) -> None:
    case = open_one()
    mailbox = one_spelling(case.address)
    limits.take([(limits.MESSAGE_BY_ADDRESS_SOON, mailbox)])
    page = post(console, case, "message")
    assert "within the last 15 minutes. Nothing was sent." in page
    assert "UTC" in page
    assert not TestMessage.objects.exists()
    assert audited() == []


def test_a_stop_is_kept_for_agents_too(console: Client, open_one) -> None:
    case = open_one()
    key = limits.key_of(one_spelling(case.address))
    MailStop.objects.create(key=key, until=timezone.now() + timedelta(days=3))
    assert "asked for no more test messages" in post(console, case, "message")
    assert not TestMessage.objects.exists()


@pytest.mark.parametrize("action", ["again", "message"])
def test_a_case_whose_address_was_erased_is_not_looked_at(console: Client, worked: Case, action: str) -> None:
    Case.objects.update(address="")
    assert "was erased" in post(console, worked, action)
    assert worked.runs.count() == 2
    assert audited() == []
    for path in ("diff/", "reply/", "print/", "export.json"):
        assert console.get(f"{url(worked)}{path}").status_code == 200, path


# --- notes ---


def test_a_note_is_kept(console: Client, worked: Case) -> None:
    page = post(console, worked, "note", text="Called them.\r\nWill call back.")
    assert "The note is kept." in page
    assert "Called them.\nWill call back." in page
    assert Note.objects.get().author == "agent-one"
    assert audited() == [Action.NOTE_WRITTEN]


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "Write something first"), ("x" * 5001, "The note has 5001 characters"), ("a\x00b", "Null characters")],
    ids=["empty", "too long", "null"],
)
def test_what_cannot_be_kept_stays_in_its_field(console: Client, worked: Case, text: str, words: str) -> None:
    response = console.post(f"{url(worked)}note/", {"text": text})
    page = response.content.decode()
    assert response.status_code == 422
    assert words in page
    assert "There is a problem" in page
    assert "<title>Error: " in page
    assert text.replace("\x00", "") in page.replace("\x00", "")
    assert not Note.objects.exists()


def test_line_ends_do_not_count_twice(console: Client, worked: Case) -> None:
    post(console, worked, "note", text="ab\r\n" * 1600 + "x" * 200)
    assert len(Note.objects.get().text) == 5000


# --- resolve ---


def test_a_case_is_resolved_with_its_true_cause_and_opened_again(console: Client, worked: Case) -> None:
    page = post(console, worked, "resolve", cause="mx.null")
    assert "The case is resolved." in page
    assert "<code>mx.null</code>" in page
    assert Case.objects.get().state == CaseState.RESOLVED
    assert "The case is open again" in post(console, worked, "reopen")
    assert Case.objects.get().state == CaseState.OPEN
    assert "The case is not resolved" in post(console, worked, "reopen")
    assert audited() == [Action.CASE_RESOLVED, Action.CASE_REOPENED]


@pytest.mark.parametrize(("chosen", "known"), [("none", True), ("unknown", False)])
def test_none_of_these_is_not_the_same_as_not_known(console: Client, worked: Case, chosen: str, known: bool) -> None:
    post(console, worked, "resolve", cause=chosen)
    one = Resolution.objects.get()
    assert (one.true_cause, one.known) == ("", known)


@pytest.mark.parametrize(("chosen", "words"), [("", "Choose a cause"), ("no.such", "There is no such cause")])
def test_no_cause_of_the_list_resolves_nothing(console: Client, worked: Case, chosen: str, words: str) -> None:
    response = console.post(f"{url(worked)}resolve/", {"cause": chosen})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Resolution.objects.exists()


def test_what_the_diagnosis_named_stands_first_in_the_list(console: Client, worked: Case) -> None:
    page = console.get(url(worked)).content.decode()
    named = page.index('<optgroup label="The diagnosis named">')
    assert named < page.index('<option value="mailbox.full">') < page.index('<optgroup label="on sending">')
    assert page.count('<option value="mailbox.full">') == 1


# --- links ---


@pytest.mark.parametrize(("kind", "path"), [("owner", "/c/"), ("it", "/it/")])
def test_a_link_is_shown_once_and_opens_the_case(console: Client, worked: Case, kind: str, path: str) -> None:
    before = CaseLink.objects.count()
    response = console.post(f"{url(worked)}link/", {"kind": kind})
    link = response.context["url"]
    assert response.status_code == 200
    assert link in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]
    assert CaseLink.objects.count() == before + 1
    assert Client().get(link[link.index(path) :], follow=True).status_code == 200
    entry = AuditEntry.objects.get(action=Action.LINK_MADE)
    assert entry.detail == {"kind": kind, "link": CaseLink.objects.latest("pk").pk}
    assert link.rsplit("/", 2)[1] not in str(entry.detail)
    assert link not in console.get(url(worked)).content.decode()


def test_an_unknown_kind_of_link_is_not_made(console: Client, worked: Case) -> None:
    assert "None was made" in post(console, worked, "link", kind="root")
    assert audited() == []


# --- rights ---

ACTIONS = ("again", "link", "message", "note", "reopen", "resolve")


@pytest.mark.parametrize("action", ACTIONS)
def test_nothing_changes_by_a_get_or_without_the_right(client: Client, worked: Case, action: str) -> None:
    client.force_login(make_agent("auditor", Role.AUDITOR))
    said = {"text": "a note", "cause": "mx.null", "kind": "owner"}
    assert client.get(f"{url(worked)}{action}/").status_code == 405
    assert client.post(f"{url(worked)}{action}/", said).status_code == 403
    page = client.get(url(worked)).content.decode()
    assert f"{url(worked)}{action}/" not in page
    assert audited() == []


def test_a_case_is_not_checked_all_day(console: Client, worked: Case) -> None:
    limits.take((limits.RUN_BY_AGENT, worked.reference) for _ in range(limits.RUN_BY_AGENT.count - 2))
    assert "under way" in console.post(f"/console/cases/{worked.reference}/again/", follow=True).content.decode()
    Run.objects.filter(case=worked).update(finished_at=timezone.now())
    for said in ({}, {"group": "dns"}):
        page = console.post(f"/console/cases/{worked.reference}/again/", said, follow=True).content.decode()
        assert "as often as it may now" in page
    assert worked.runs.count() == 3
