"""Auditors read who did what, narrow it down by the page's address, and take it away safely."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from diagnostics import tasks
from diagnostics.models import AuditEntry, Case
from diagnostics.services import audit_chain
from diagnostics.services.audit import Action, Actor, write
from portal.console.audit import COLUMNS, PAGE_SIZE, cell
from portal.console.words import ACTIONS
from portal.roles import Role
from tests.agents import make_agent

ANNA = Actor("agent", "agent-two", "192.0.2.9")


@pytest.fixture
def auditor(client: Client, db: None) -> Client:
    client.force_login(make_agent("auditor-one", Role.AUDITOR))
    return client


def page(browser: Client, query: str = "") -> str:
    response = browser.get(f"/console/audit/{query}")
    assert response.status_code == 200
    return response.content.decode()


def rows(shown: str) -> int:
    return shown.partition("<tbody>")[2].partition("</tbody>")[0].count("<tr>")


def test_every_action_has_words() -> None:
    assert set(ACTIONS) == set(Action)


@pytest.mark.parametrize("role", [Role.AGENT, Role.LEAD])
@pytest.mark.parametrize("path", ["/console/audit/", "/console/audit.csv"])
def test_who_may_not_audit_does_not(client: Client, db: None, role: Role, path: str) -> None:
    client.force_login(make_agent("somebody", role))
    assert client.generic("POST" if path.endswith("csv") else "GET", path).status_code == 403
    assert 'href="/console/audit/"' not in client.get("/console/").content.decode()


def test_entries_are_shown_in_words(auditor: Client, open_one: Callable[..., Case]) -> None:
    case = open_one("anna@example.org")
    write(ANNA, Action.RUN_STARTED, reference=case.reference, run=2, group="dns")
    shown = page(auditor)
    assert "agent-two" in shown
    assert "Ran the checks again" in shown
    assert f'href="/console/cases/{case.reference}/"' in shown
    assert "group dns, run 2" in shown
    assert "192.0.2.9" not in shown
    assert 'href="/console/audit/"' in shown


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("?actor=agent-two", 2),
        ("?actor=nobody", 0),
        ("?action=case.read", 2),
        ("?reference=abcd2345", 1),
        ("?first=2026-03-02", 2),
        ("?last=2026-03-02", 2),
        ("?last=9999-12-31", 3),
        ("?first=2026-03-02&last=2026-03-02", 1),
        ("?actor=agent-two&action=note.written", 1),
    ],
)
def test_filters_stand_in_the_address(auditor: Client, query: str, count: int) -> None:
    for day, actor, action, reference in (
        (1, "agent-two", Action.CASE_READ, "ABCD2345"),
        (2, "agent-two", Action.NOTE_WRITTEN, ""),
        (3, "agent-three", Action.CASE_READ, ""),
    ):
        with time_machine.travel(datetime(2026, 3, day, 23, 59, tzinfo=UTC), tick=False):
            write(Actor("agent", actor), action, reference=reference)
    assert rows(page(auditor, query)) == count


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("?first=yesterday", "Write it like 2026-01-31"),
        ("?action=case.stolen", "There is no such action"),
        ("?reference=" + "A" * 13, "too long"),
        ("?actor=a%00b", "invisible characters"),
    ],
)
def test_a_wrong_filter_is_said_and_finds_nothing(auditor: Client, query: str, problem: str) -> None:
    write(ANNA, Action.CASE_READ)
    shown = page(auditor, query)
    assert problem in shown
    assert rows(shown) == 0


def test_pages_stay_where_they_are(auditor: Client) -> None:
    for number in range(PAGE_SIZE + 3):
        write(ANNA, Action.CASE_READ, run=number)
    first = page(auditor, "?actor=agent-two")
    assert rows(first) == PAGE_SIZE
    following = first.partition('<a href="?')[2].partition('"')[0].replace("&amp;", "&")
    assert "actor=agent-two" in following
    write(ANNA, Action.CASE_READ)
    second = page(auditor, f"?{following}")
    assert rows(second) == 3
    assert "run 0<" in second
    assert rows(page(auditor, "?before=nonsense")) == PAGE_SIZE


def test_a_page_asks_the_database_as_often_however_long_it_is(auditor: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            page(auditor)
        return len(asked)

    write(ANNA, Action.CASE_READ)
    page(auditor)
    before = queries()
    for _ in range(20):
        write(ANNA, Action.CASE_READ)
    assert queries() == before


# --- the state of the chain ---


def test_nobody_verified_yet(auditor: Client) -> None:
    assert "not been verified yet" in page(auditor)


def test_the_last_verification_is_shown(auditor: Client) -> None:
    write(ANNA, Action.CASE_READ)
    tasks.verify_audit()
    shown = page(auditor)
    assert "1 entries, unbroken" in shown
    assert "is the scheduler running" not in shown


def test_one_that_is_overdue(auditor: Client) -> None:
    with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC)):
        tasks.verify_audit()
    assert "is the scheduler running" in page(auditor)


def test_a_broken_chain_is_said_on_every_page_of_the_console(auditor: Client) -> None:
    entry = write(ANNA, Action.CASE_READ)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE diagnostics_auditentry DISABLE TRIGGER USER")
        AuditEntry.objects.filter(pk=entry.pk).update(actor="nobody")
        cursor.execute("ALTER TABLE diagnostics_auditentry ENABLE TRIGGER USER")
    tasks.verify_audit()
    for path in ("/console/audit/", "/console/account/"):
        shown = auditor.get(path).content.decode()
        assert "The audit trail is broken." in shown
        assert f"the first at entry {entry.pk}: it was changed." in shown
    auditor.force_login(make_agent("agent-nine", Role.AGENT))
    assert "The audit trail is broken." not in auditor.get("/console/").content.decode()


# --- the download ---


def test_the_download_is_what_was_asked_for_and_is_audited(auditor: Client) -> None:
    write(ANNA, Action.CASE_READ, run=1)
    write(Actor("agent", "agent-three"), Action.CASE_READ)
    response = auditor.post("/console/audit.csv", {"actor": "agent-two"})
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    lines = list(csv.reader(io.StringIO(b"".join(response).decode())))
    assert lines[0] == list(COLUMNS)
    assert [line[3] for line in lines[1:]] == ["agent-two"]
    assert lines[1][7] == '{"run": 1}'
    last = AuditEntry.objects.order_by("-pk")[0]
    assert (last.action, last.actor) == (Action.AUDIT_EXPORTED, "auditor-one")
    assert audit_chain.verify().unbroken


def test_a_download_by_a_link_is_refused(auditor: Client) -> None:
    assert auditor.get("/console/audit.csv").status_code == 405
    assert auditor.post("/console/audit.csv", {"first": "x"}).status_code == 400
    assert not AuditEntry.objects.filter(action=Action.AUDIT_EXPORTED).exists()


@pytest.mark.parametrize("begins", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_cell_is_a_formula(auditor: Client, begins: str) -> None:
    assert cell(begins) == f"'{begins}"
    write(Actor("agent", begins), Action.CASE_READ)
    response = auditor.post("/console/audit.csv")
    lines = list(csv.reader(io.StringIO(b"".join(response).decode(), newline="")))
    assert lines[1][3] == f"'{begins}"
