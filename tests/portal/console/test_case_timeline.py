"""Everything that happened to a case, in order, by kind and in pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from diagnostics.domain import ProbeGroup, Seen, SendEvent, SendEventKind, SendHistory, Vantage
from diagnostics.models import (
    AuditEntry,
    Case,
    CaseEvent,
    CaseView,
    LinkKind,
    Note,
    SenderEvent,
    TicketNote,
    WebhookDelivery,
    WebhookEndpoint,
)
from diagnostics.services.audit import Action, Actor
from diagnostics.services.cases import mint_link
from diagnostics.services.notes import write_note
from diagnostics.services.reruns import run_group_again
from diagnostics.services.resolutions import reopen, resolve
from diagnostics.services.runs import finish_group, record
from portal.console.case.timeline import PAGE_SIZE, EventStory, Kind, Wish, timeline_of
from tests.diagnostics.taking import claim_group
from tests.portal.console.test_case import url

AGENT = Actor("agent", "agent-two")


@pytest.fixture
def eventful(worked: Case) -> Case:
    """Something of every kind has happened to it."""
    message = worked.test_messages.get()
    now = timezone.now()
    SenderEvent.objects.create(
        service="postmark", event_id="1", kind="bounced", address="a", test_message=message, reply="552 full", at=now
    )
    write_note(worked, "Called them: https://example.org/ <b>soon</b>", AGENT)
    resolve(worked, "mailbox.full", AGENT)
    reopen(worked, AGENT)
    mint_link(worked)
    TicketNote.objects.create(
        case=worked, helpdesk="zendesk", ticket="4711", note_id="n1", text="Cause found", state="failed"
    )
    endpoint = WebhookEndpoint.objects.create(name="Billing", url="https://hooks.example.org/", created_by="x")
    event = CaseEvent.objects.filter(case=worked).latest("pk")
    WebhookDelivery.objects.create(endpoint=endpoint, event=event, webhook_id="w1", body="{}", state="given_up")
    return worked


def test_everything_is_told(console: Client, eventful: Case) -> None:
    page = console.get(url(eventful)).content.decode()
    for expected in (
        "Test message (Primary): came back",
        "552 full",
        "Note by agent-two",
        "Resolved",
        "taken back",
        "Opened again by agent-two",
        "Link to the case made, for the customer",
        "Note for ticket zendesk 4711",
        "Not posted",
        "Event for other systems: the case is resolved",
        "Billing: given up",
        "Seen by an agent",
        "Event for other systems: the case was opened",
    ):
        assert expected in page, expected


def test_a_note_is_shown_as_written_and_nothing_in_it_is_a_link(console: Client, eventful: Case) -> None:
    page = console.get(url(eventful)).content.decode()
    assert "Called them: https://example.org/ &lt;b&gt;soon&lt;/b&gt;" in page
    assert 'href="https://example.org/' not in page


def test_events_of_real_code_mails_are_told_once(console: Client, open_one) -> None:
    case = open_one()
    at = timezone.now() - timedelta(minutes=9)
    event = SendEvent(SendEventKind.DELIVERED, at, "postmark", "m1", "250 2.0.0 Ok", mta="mx.example.org")
    claim = claim_group(case.runs.get().groups.get(name=ProbeGroup.RECORDS).pk)
    assert claim
    history = SendHistory((event,), timezone.now())
    assert record(claim, [Seen(SendHistory, Vantage.SENDER, timezone.now(), history)])
    finish_group(claim)
    events = [one for one in timeline_of(case).stories if isinstance(one, EventStory)]
    stories = [(one.title, one.at, one.who) for one in events if one.title.startswith("Code e-mail")]
    assert stories == [("Code e-mail: taken by their server", at, "Postmark")]


def test_oldest_first_is_the_same_story_turned(eventful: Case) -> None:
    newest, oldest = timeline_of(eventful), timeline_of(eventful, Wish(oldest_first=True))
    key = [(type(one), one.at) for one in newest.stories]
    assert [(type(one), one.at) for one in oldest.stories] == key[::-1]
    assert oldest.stories[0].at <= oldest.stories[-1].at


def test_the_kinds_together_are_everything(eventful: Case) -> None:
    parts = {kind: timeline_of(eventful, Wish(kind)).total for kind in Kind}
    assert sum(parts.values()) == timeline_of(eventful).total
    assert all(parts.values()), parts


@pytest.mark.parametrize(
    ("query", "wish"),
    [
        ({}, Wish()),
        ({"kind": "mail", "order": "oldest", "page": "2"}, Wish(Kind.MAIL, True, 2)),
        ({"kind": "nonsense", "order": "x", "page": "-1"}, Wish()),
        ({"page": "٣"}, Wish()),
        ({"page": "0"}, Wish()),
        ({"page": "9" * 400}, Wish()),
    ],
)
def test_what_the_address_cannot_mean_is_the_default(query: dict[str, str], wish: Wish) -> None:
    assert Wish.of(query) == wish


def test_a_long_history_comes_in_pages_that_leave_nothing_out(console: Client, worked: Case) -> None:
    at = timezone.now()
    Note.objects.bulk_create(
        Note(case=worked, author="agent-two", text=f"note {number}", at=at + timedelta(seconds=number))
        for number in range(PAGE_SIZE + 5)
    )
    first, last = (console.get(url(worked), {"page": page, "kind": "agents"}) for page in (1, 99))
    told = [story.text for page in (first, last) for story in page.context["timeline"].stories]
    assert told == [f"note {number}" for number in reversed(range(PAGE_SIZE + 5))]
    assert 'rel="next"' in first.content.decode()
    assert 'rel="prev"' in last.content.decode()


def test_what_a_run_carried_over_is_told_once_and_marked(console: Client, worked: Case) -> None:
    before = len([one for one in timeline_of(worked).stories if type(one).__name__ == "ReportStory"])
    run_group_again(worked, ProbeGroup.DNS, asked_by="agent-one")
    after = len([one for one in timeline_of(worked).stories if type(one).__name__ == "ReportStory"])
    assert before == after == 2
    assert "carried over from an earlier run" in console.get(url(worked)).content.decode()


def test_reads_are_audited_once_an_hour_and_agent(console: Client, worked: Case) -> None:
    for path in ("", "", "print/", "diff/", "reply/"):
        assert console.get(f"{url(worked)}{path}").status_code == 200
    (entry,) = AuditEntry.objects.filter(action=Action.CASE_READ)
    assert (entry.actor, entry.reference) == ("agent-one", worked.reference)
    CaseView.objects.update(hour=timezone.now() - timedelta(hours=2))
    console.get(url(worked))
    assert AuditEntry.objects.filter(action=Action.CASE_READ).count() == 2


def test_more_of_everything_takes_no_more_queries(console: Client, eventful: Case) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert console.get(url(eventful)).status_code == 200
        return len(captured)

    queries()
    few = queries()
    endpoint = WebhookEndpoint.objects.create(name="Other", url="https://hooks.example.org/", created_by="x")
    for number in range(5):
        write_note(eventful, f"note {number}", AGENT)
        mint_link(eventful)
        resolve(eventful, "mx.null", AGENT)
        reopen(eventful, AGENT)
    for event in CaseEvent.objects.filter(case=eventful):
        WebhookDelivery.objects.create(endpoint=endpoint, event=event, webhook_id=f"w-{event.pk}", body="{}")
    assert queries() == few


# --- looks at the customer's pages ---


def test_the_customers_own_look_is_kept_and_polls_are_not(client: Client, worked: Case) -> None:
    token = mint_link(worked)
    page = client.get(f"/c/{token}/", follow=True)
    assert page.status_code == 200
    assert CaseView.objects.get().viewer == "owner"
    CaseView.objects.all().delete()
    with CaptureQueriesContext(connection) as captured:
        client.get(f"/cases/{worked.reference}/", headers={"HX-Request": "true"})
    assert not CaseView.objects.exists()
    assert not [query for query in captured if "caseview" in query["sql"].lower()]


def test_an_agents_look_at_the_customers_page_is_the_agents(console: Client, worked: Case) -> None:
    console.get(f"/cases/{worked.reference}/")
    view = CaseView.objects.get()
    assert (view.viewer, view.name) == ("agent", "agent-one")


def test_its_look_is_kept(client: Client, worked: Case) -> None:
    token = mint_link(worked, LinkKind.IT)
    assert client.get(f"/it/{token}/").status_code == 200
    assert CaseView.objects.get().viewer == "it"


# --- other cases ---


def test_other_cases_of_the_domain_are_one_click_away(console: Client, open_one, worked: Case) -> None:
    assert 'id="neighbours"' not in console.get(url(worked)).content.decode()
    other = open_one("bert@example.org", company_id="OTHER-9")
    page = console.get(url(worked)).content.decode()
    assert "The same domain" in page
    assert url(other) in page
