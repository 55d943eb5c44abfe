"""Leads look up, hand over and erase one person's data; the address stands in no address, log or audit entry."""

import json
import logging

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import Client, RequestFactory

from diagnostics import tasks
from diagnostics.models import AuditEntry, Case, Erasure
from diagnostics.services.audit import Action
from diagnostics.services.cases import DetailsDeleted
from portal.deleted import DetailsDeletedMiddleware
from portal.roles import Role
from tests.agents import make_agent
from tests.diagnostics.services.evidence import ANNA, SPELLED, person_in_everything


@pytest.fixture
def lead(client: Client, db: None) -> Client:
    client.force_login(make_agent("lead-one", Role.LEAD))
    return client


@pytest.mark.parametrize("path", ["", "export/", "erase/"])
@pytest.mark.parametrize("role", [Role.AGENT, Role.AUDITOR])
def test_only_who_has_the_right(client: Client, db: None, role: Role, path: str) -> None:
    person_in_everything()
    client.force_login(make_agent("somebody", role))
    assert client.post(f"/console/privacy/{path}", {"address": ANNA, "confirmed": "on"}).status_code == 403
    assert not Erasure.objects.exists()


def test_a_look_says_how_much_there_is(lead: Client) -> None:
    person_in_everything()
    shown = lead.post("/console/privacy/", {"address": SPELLED}).content.decode()
    assert "Cases: 2" in shown
    assert "Links from tickets: 2" in shown
    assert "Directory entries: 1" in shown
    entry = AuditEntry.objects.get(action=Action.PERSON_LOOKED_UP)
    assert (entry.actor, entry.detail["Case"]) == ("lead-one", 2)


def test_an_address_that_is_nowhere(lead: Client) -> None:
    assert "Nothing under this address" in lead.post("/console/privacy/", {"address": ANNA}).content.decode()


@pytest.mark.parametrize("address", ["", "anna", "anna@localhost", "a" * 300 + "@example.org", "anna\0@example.org"])
@pytest.mark.parametrize("path", ["", "export/", "erase/"])
def test_what_is_no_address_is_said(lead: Client, path: str, address: str) -> None:
    response = lead.post(f"/console/privacy/{path}", {"address": address, "confirmed": "on"})
    assert response.status_code == 200
    assert "field-error" in response.content.decode()
    assert not AuditEntry.objects.exists()
    assert not Erasure.objects.exists()


def test_the_export_is_a_file(lead: Client) -> None:
    case = person_in_everything()
    response = lead.post("/console/privacy/export/", {"address": ANNA})
    assert "attachment" in response["Content-Disposition"]
    assert ANNA not in response["Content-Disposition"]
    exported = json.loads(response.content)
    assert case.reference in [row["reference"] for row in exported["tables"]["Case"]]
    assert AuditEntry.objects.get(action=Action.PERSON_EXPORTED).detail["Case"] == 2


def test_without_the_box_nothing_is_erased(lead: Client) -> None:
    person_in_everything()
    shown = lead.post("/console/privacy/erase/", {"address": ANNA}).content.decode()
    assert "Tick the box to confirm. Nothing was erased." in shown
    assert not Erasure.objects.exists()


def test_an_erasure_is_done_by_a_worker_and_listed(lead: Client, caplog: pytest.LogCaptureFixture) -> None:
    person_in_everything()
    with caplog.at_level(logging.DEBUG):
        asked = lead.post("/console/privacy/erase/", {"address": SPELLED, "confirmed": "on"}, follow=True)
        assert asked.redirect_chain == [("/console/privacy/", 302)]
        assert "waiting" in asked.content.decode()
        tasks.erase_persons()
    shown = lead.get("/console/privacy/").content.decode()
    assert "waiting" not in shown
    assert "anna.k" not in shown.lower()
    assert "anna.k" not in "".join(f"{entry.detail}{entry.actor}" for entry in AuditEntry.objects.all())
    ours = [one.getMessage() for one in caplog.records if one.name.startswith(("diagnostics", "portal", "django.req"))]
    assert not any("anna.k" in line.lower() for line in ours)
    assert set(Case.objects.values_list("address", flat=True)) == {""}
    actions = AuditEntry.objects.filter(action__startswith="person.").values_list("action", "actor")
    assert list(actions) == [(Action.ERASURE_ASKED, "lead-one"), (Action.PERSON_ERASED, "lead-one")]


def test_pages_of_an_erased_case_say_so(lead: Client) -> None:
    case = person_in_everything()
    lead.post("/console/privacy/erase/", {"address": ANNA, "confirmed": "on"})
    tasks.erase_persons()
    shown = lead.get(f"/console/cases/{case.reference}/")
    assert shown.status_code == 200
    assert "Older details have been deleted" in shown.content.decode()
    wizard = lead.get(f"/cases/{case.reference}/")
    assert wizard.status_code == 410
    assert "have been deleted" in wizard.content.decode()
    lead.post(f"/console/cases/{case.reference}/again/")
    assert case.runs.count() == 1
    assert lead.get("/console/").status_code == 200


@pytest.mark.parametrize(
    ("path", "kind"), [("/cases/ABCD2345/", "text/html"), ("/api/v1/cases/", "application/problem+json")]
)
def test_whatever_is_tried_with_such_a_case_is_answered_with_410(rf: RequestFactory, path: str, kind: str) -> None:
    request = rf.post(path)
    request.user = AnonymousUser()
    answer = DetailsDeletedMiddleware(lambda request: HttpResponse()).process_exception(request, DetailsDeleted())
    assert answer
    assert (answer.status_code, answer["Content-Type"].partition(";")[0]) == (410, kind)
