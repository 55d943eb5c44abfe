"""Agents on a customer's own page: what they see and do there is on record, as in the console."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from diagnostics.models import AuditEntry, Case, CaseView, Viewer
from portal.roles import Role
from tests.agents import make_agent
from tests.portal.wizard.conftest import finish

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(client: Client) -> Client:
    client.force_login(make_agent())
    return client


def on_record() -> list[tuple[str, str]]:
    entries = AuditEntry.objects.filter(actor="agent-one", action__startswith="case.").order_by("pk")
    return [(entry.action, entry.detail.get("did", "")) for entry in entries]


def test_a_look_is_written_down_once(agent: Client, case: Case) -> None:
    for _ in range(2):
        assert agent.get(reverse("wizard:case", args=[case.reference])).status_code == 200
    assert on_record() == [("case.read", "")]


def test_a_cookie_of_no_live_link_makes_no_customer_of_an_agent(agent: Client, case: Case) -> None:
    agent.cookies[f"case_{case.reference}"] = "anything"
    assert agent.get(reverse("wizard:case", args=[case.reference])).status_code == 200
    assert on_record() == [("case.read", "")]
    assert CaseView.objects.get(case=case).viewer == Viewer.AGENT


def test_what_is_done_is_written_down_and_what_is_not_leaves_no_trace(agent: Client, case: Case) -> None:
    finish(case)
    assert agent.post(reverse("wizard:again", args=[case.reference])).status_code == 303
    assert agent.post(reverse("wizard:code", args=[case.reference]), {"code": "123456"}).status_code == 200
    message = {"purpose": "comparison", "address": "anna@example.net"}
    assert agent.post(reverse("wizard:message", args=[case.reference]), message).status_code == 303
    assert ("case.customers-page-used", "again") in on_record()
    assert ("case.customers-page-used", "message") in on_record()
    assert "example.net" not in str(list(AuditEntry.objects.values_list("detail", flat=True)))


def test_what_the_customer_does_is_nobody_elses(owner: Client, case: Case) -> None:
    finish(case)
    owner.force_login(make_agent())
    assert owner.post(reverse("wizard:again", args=[case.reference])).status_code == 303
    assert on_record() == []


def test_whoever_watches_over_agents_gets_no_further(client: Client, case: Case) -> None:
    client.force_login(make_agent(role=Role.AUDITOR))
    assert client.post(reverse("wizard:again", args=[case.reference])).status_code == 404
