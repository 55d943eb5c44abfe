import pytest
from django.contrib.auth.models import User
from django.test import Client

from diagnostics.models import Case
from tests.agents import make_agent

PAGES = {
    "cases": "/console/",
    "search": "/console/?q=example.org",
    "case": "/console/cases/{reference}/",
    "unknown case": "/console/cases/AAAAAAAA/",
    "ticket": "/console/tickets/zendesk/4711/",
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_visitor_is_asked_to_sign_in_and_learns_nothing(client: Client, worked: Case, page: str) -> None:
    path = page.format(reference=worked.reference)
    response = client.get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/console/sign-in/?next=/console/")
    assert response.content == b""


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_an_account_without_a_role_is_refused(client: Client, worked: Case, page: str) -> None:
    client.force_login(make_agent("somebody", role=None))
    response = client.get(page.format(reference=worked.reference))
    assert response.status_code == 403
    assert worked.address not in response.content.decode()


def test_an_agent_who_was_switched_off_is_out_at_once(console: Client, agent: User) -> None:
    agent.is_active = False
    agent.save()
    assert console.get("/console/").status_code == 302


@pytest.mark.parametrize("who", ["visitor", "no agent"])
def test_only_agents_start_runs(client: Client, worked: Case, who: str) -> None:
    if who == "no agent":
        client.force_login(make_agent("somebody", role=None))
    response = client.post(f"/console/cases/{worked.reference}/again/")
    assert response.status_code == (302 if who == "visitor" else 403)
    assert worked.runs.count() == 2


def test_a_run_is_not_started_by_a_link(console: Client, worked: Case) -> None:
    assert console.get(f"/console/cases/{worked.reference}/again/").status_code == 405


def test_a_run_is_not_started_from_another_site(agent: User, worked: Case) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(agent)
    assert strict.post(f"/console/cases/{worked.reference}/again/").status_code == 403
    assert worked.runs.count() == 2


@pytest.mark.parametrize("page", ["/console/", "/console/cases/{reference}/", "/console/tickets/zendesk/1/"])
def test_pages_are_not_kept_and_not_listed(console: Client, worked: Case, page: str) -> None:
    response = console.get(page.format(reference=worked.reference))
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert response["X-Robots-Tag"] == "noindex"
