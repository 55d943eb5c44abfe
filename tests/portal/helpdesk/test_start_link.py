"""`/start`: where macros' links lead. Company and address stand behind the #, which never reaches us."""

import pytest
from django.test import Client

from tests.portal.helpdesk.test_go import initial

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/start", "/start/"])
def test_a_known_article_gets_its_form(client: Client, path: str) -> None:
    response = client.get(path, {"hd": "zendesk", "t": "4711", "flow": "timeclock", "lang": "en"})
    assert response.status_code == 200
    assert initial(response) == {"helpdesk": "zendesk", "ticket": "4711"}
    assert "helpdesk/fragment.js" in response.content.decode()


@pytest.mark.parametrize("flow", ["", "nothing", "{{flow}}", "x" * 5000, "../console"])
def test_any_other_gets_a_choice_that_keeps_the_ticket(client: Client, flow: str) -> None:
    response = client.get("/start", {"hd": "zendesk", "t": "HELP-1#2", "flow": flow, "company": "ACME-1"})
    page = response.content.decode()
    assert response.status_code == 200
    assert "/start?flow=timeclock&amp;hd=zendesk&amp;t=HELP-1%232" in page
    assert "ACME-1" not in page
    (link,) = (url for article, url in response.context["choice"] if article.slug == "timeclock")
    assert initial(client.get(link)) == {"helpdesk": "zendesk", "ticket": "HELP-1#2"}


def test_neither_company_nor_address_is_taken_from_the_query(client: Client) -> None:
    response = client.get("/start", {"flow": "timeclock", "company": "ACME-1", "e": "anna@example.org"})
    page = response.content.decode()
    assert "ACME-1" not in page
    assert "anna@" not in page
    assert len(response.context["ignored"]) == 2


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_it_changes_nothing(client: Client, row_counts, method: str) -> None:
    before = row_counts()
    getattr(client, method)("/start", {"hd": "zendesk", "t": "4711", "flow": "timeclock"})
    getattr(client, method)("/start")
    assert row_counts() == before


def test_it_takes_no_post_and_is_not_listed(client: Client) -> None:
    assert client.post("/start").status_code == 405
    assert client.get("/start")["X-Robots-Tag"] == "noindex"


# --- Links for agents ---


def test_an_agents_link_leads_to_the_console_which_asks_who_is_there(client: Client) -> None:
    response = client.get("/agent/t/zendesk/4711")
    assert (response.status_code, response["Location"]) == (302, "/console/tickets/zendesk/4711/")
    assert client.get(response["Location"])["Location"].startswith("/console/sign-in/")


@pytest.mark.parametrize("ticket", ["HELP-12", "a.b:c%231", "4711/"])
def test_tickets_are_named_in_many_ways(client: Client, ticket: str) -> None:
    assert client.get(f"/agent/t/jira/{ticket}").status_code == 302


@pytest.mark.parametrize(
    "rest", ["Zendesk/1", "zendesk/", "zendesk/a b", "zendesk/1%0A", "zendesk/" + "1" * 65, "x/y/z"]
)
def test_what_is_no_ticket_is_not_found(client: Client, rest: str) -> None:
    assert client.get(f"/agent/t/{rest}").status_code == 404
