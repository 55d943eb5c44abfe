"""What leaves a case: the reply to the customer, the JSON, the print view; and how often the diagnosis is right."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from diagnostics.domain import Membership, ProbeGroup, Seen, Vantage
from diagnostics.models import ApiClient, AuditEntry, Case, CaseLink, CaseState, Resolution
from diagnostics.probes.directory_match import DirectoryMatch
from diagnostics.services.audit import Action
from diagnostics.services.runs import finish_group, record
from portal.console.case.accuracy import Hit, accuracy_of, hit_of
from portal.roles import Role
from tests.agents import make_agent
from tests.diagnostics.taking import claim_group
from tests.portal.console.test_case import url


def reply(console: Client, case: Case) -> str:
    return console.get(f"{url(case)}reply/").content.decode()


# --- reply ---


def test_the_reply_names_the_cause_and_no_mailbox(console: Client, worked: Case) -> None:
    page = reply(console, worked)
    texts = page[page.index("<textarea") :]
    assert "Your mailbox is full. We are sure of this." in texts
    assert "a•••@example.org" in texts
    assert "anna@example.org" not in texts
    assert "<script>alert" not in page
    assert "Free some space" in texts


def test_a_run_under_way_is_said_to_be(console: Client, open_one) -> None:
    page = reply(console, open_one())
    assert "The newest run is still under way" in page
    assert "Our checks are still under way" in page


def test_what_only_our_records_say_comes_with_a_warning(console: Client, open_one) -> None:
    case = open_one()
    for group in case.runs.get().groups.order_by("pk"):
        claim = claim_group(group.pk)
        assert claim
        if group.name == ProbeGroup.RECORDS:
            match = DirectoryMatch(Membership.NOT_ON_FILE)
            assert record(claim, [Seen(DirectoryMatch, Vantage.SERVER, timezone.now(), match)])
        finish_group(claim)
    assert "This cause comes from our own records" in reply(console, case)


def test_a_fresh_link_is_put_into_what_was_typed(console: Client, worked: Case) -> None:
    typed = {"text": "Dear you,\n[link to the case]\nBye", "short": "no place here"}
    response = console.post(f"{url(worked)}reply/", typed)
    page, link = response.content.decode(), response.context["url"]
    assert f"Dear you,\n{link}\nBye" in page
    assert "no place here" in page
    assert 'id="case-link"' in page, "a text without a place gets it beside"
    assert AuditEntry.objects.filter(action=Action.LINK_MADE).count() == 1


def test_too_long_a_text_stays_and_makes_no_link(console: Client, worked: Case) -> None:
    before = CaseLink.objects.count()
    response = console.post(f"{url(worked)}reply/", {"text": "x" * 20_001, "short": "kept"})
    assert response.status_code == 422
    assert "kept</textarea>" in response.content.decode()
    assert CaseLink.objects.count() == before


def test_an_auditor_makes_no_link(client: Client, worked: Case) -> None:
    client.force_login(make_agent("auditor", Role.AUDITOR))
    before = CaseLink.objects.count()
    response = client.post(f"{url(worked)}reply/", {"text": "mine", "short": "too"})
    assert response.status_code == 403
    assert CaseLink.objects.count() == before


def test_a_vendor_that_is_gone_is_said_to_be(console: Client, worked: Case) -> None:
    Case.objects.update(vendor="gone")
    response = console.get(f"{url(worked)}reply/")
    assert response.status_code == 410
    assert "no longer there" in response.content.decode()


# --- export and print ---


def test_the_export_is_a_file_and_audited(console: Client, worked: Case) -> None:
    response = console.get(f"{url(worked)}export.json")
    document = json.loads(b"".join(response.streaming_content))  # type: ignore[attr-defined]
    assert document["case"]["address"] == "anna@example.org"
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Content-Disposition"] == f'attachment; filename="case-{worked.reference}.json"'
    assert "no-store" in response.headers["Cache-Control"]
    assert AuditEntry.objects.get(action=Action.CASE_EXPORTED).reference == worked.reference


def test_the_print_view_has_the_case_and_no_navigation(console: Client, worked: Case) -> None:
    page = console.get(f"{url(worked)}print/").content.decode()
    for expected in (worked.reference, "Printed by agent-one on", "mailbox.full", "mx2.example.org", "Case opened"):
        assert expected in page, expected
    assert "console-nav" not in page
    assert page.index("Case opened") < page.index("Run 1") < page.index("Run 2")


def test_visitors_get_none_of_it(client: Client, worked: Case) -> None:
    for path in ("export.json", "print/", "diff/", "reply/"):
        response = client.get(f"{url(worked)}{path}")
        assert response.status_code == 302, path
    assert not AuditEntry.objects.exists()


# --- accuracy ---


@pytest.mark.parametrize(
    ("true_cause", "named", "hit"),
    [
        ("a", ["a", "b"], Hit.FIRST),
        ("b", ["a", "b"], Hit.AMONG),
        ("c", ["a", "b", "c"], Hit.AMONG),
        ("d", ["a", "b", "c", "d"], Hit.WRONG),
        ("a", ["b"], Hit.WRONG),
        ("", ["a"], Hit.WRONG),
        ("a", [], Hit.NOTHING),
        ("", [], Hit.NOTHING),
    ],
)
def test_how_a_diagnosis_is_counted(true_cause: str, named: list[str], hit: Hit) -> None:
    assert hit_of(true_cause, named) is hit


@pytest.fixture
def resolved(open_one):
    """Cases resolved with these true causes; the diagnosis had named `mailbox.full`, then `mx.null`."""

    def resolved(*causes: str, days_ago: int = 0, known: bool = True) -> list[Resolution]:
        return [
            Resolution.objects.create(
                case=open_one(),
                by="agent-one",
                true_cause=cause,
                known=known,
                verdict="cause_found",
                causes=["mailbox.full", "mx.null"],
                at=timezone.now() - timedelta(days=days_ago),
            )
            for cause in causes
        ]

    return resolved


def test_figures_count_each_case_once_and_only_what_somebody_knows(resolved) -> None:
    first, *_ = resolved("mailbox.full", "mailbox.full", "mx.null", "domain.gone", "")
    resolved("", known=False)
    resolved("mailbox.full", days_ago=60)
    corrected = Resolution.objects.create(
        case=first.case, by="x", true_cause="mx.null", verdict="cause_found", causes=["mailbox.full", "mx.null"]
    )
    figures = accuracy_of(30)
    assert (figures.rested_on, figures.unknown, figures.total.counts) == (5, 1, (1, 2, 2, 0))
    assert accuracy_of(90).rested_on == 6
    corrected.reopened_at = timezone.now()
    corrected.save()
    assert accuracy_of(30).total.counts == (2, 1, 2, 0), "what was taken back counts no more"


def test_what_a_test_key_opened_is_not_counted(resolved) -> None:
    of_a_test, _ = resolved("mx.null", "mailbox.full")
    tests = ApiClient.objects.create(name="tests", is_test=True)
    Case.objects.filter(pk=of_a_test.case_id).update(api_client=tests)
    assert accuracy_of(30).total.counts == (1, 0, 0, 0)
    of_a_system = ApiClient.objects.create(name="a helpdesk's app")
    Case.objects.filter(pk=of_a_test.case_id).update(api_client=of_a_system)
    assert accuracy_of(30).total.counts == (1, 1, 0, 0)


def test_below_five_nothing_is_said(client: Client, resolved) -> None:
    client.force_login(make_agent("lead", Role.LEAD))
    resolved("mailbox.full", "mailbox.full", "mailbox.full", "mx.null")
    page = client.get("/console/accuracy/").content.decode()
    assert "rest on 4 resolved cases" in page
    assert "nothing can be said" in page
    assert "%" not in page.partition("<main")[2].partition("</main>")[0]
    resolved("mailbox.full", "mailbox.full")
    page = client.get("/console/accuracy/?days=90").content.decode()
    assert "83 %" in page
    assert "100 %" in page
    assert "fewer than 5" in page, "of mx.null there is one"


@pytest.mark.parametrize("days", ["", "7", "x", "365"])
def test_a_period_that_there_is_not_is_the_shortest(client: Client, db: None, days: str) -> None:
    client.force_login(make_agent("lead", Role.LEAD))
    response = client.get("/console/accuracy/", {"days": days})
    assert response.context["figures"].days == (365 if days == "365" else 30)


def test_accuracy_is_for_leads(console: Client) -> None:
    assert console.get("/console/accuracy/").status_code == 403
    assert "/console/accuracy/" not in console.get("/console/").content.decode()


def test_resolving_on_the_page_feeds_the_figures(console: Client, worked: Case) -> None:
    console.post(f"{url(worked)}resolve/", {"cause": "mailbox.full"})
    assert Case.objects.get().state == CaseState.RESOLVED
    assert accuracy_of(30).total.counts == (1, 0, 0, 0)
