"""The page that writes macros: each helpdesk's own placeholders, encoded as it encodes them."""

from __future__ import annotations

import importlib
import json
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import Client

from diagnostics.addresses import parse_address
from diagnostics.content import BadContent
from diagnostics.helpdesks import helpdesks, macros
from diagnostics.helpdesks._payload import referral
from diagnostics.helpdesks.macros import filled_in, prefill_link
from diagnostics.services.cases import HELPDESK, TICKET
from portal.roles import Role
from tests.agents import make_agent

pytestmark = pytest.mark.django_db
URL = "/console/settings/helpdesks/"
SLUGS = ("freshdesk", "hubspot", "intercom", "jira", "salesforce", "zendesk")


def built(console: Client, **chosen: str):
    response = console.get(URL, chosen)
    assert response.status_code == 200
    return response.context["built"]


def test_every_helpdesk_has_its_texts() -> None:
    assert tuple(macros.macros()) == SLUGS
    assert macros.problems() == []
    assert all(HELPDESK.fullmatch(slug) for slug in SLUGS)
    assert set(helpdesks()) == {"freshdesk", "generic", "jira", "zendesk"}


def test_a_first_visit_shows_a_text_already(console: Client) -> None:
    response = console.get(URL)
    assert response.context["built"].of.slug == "zendesk"
    assert f"{settings.PORTAL_URL}/start?hd=zendesk&amp;t={{{{ticket.id}}}}&amp;flow=" in response.content.decode()


@pytest.mark.parametrize("slug", SLUGS)
def test_a_filled_in_link_works(console: Client, client: Client, slug: str) -> None:
    made = built(console, helpdesk=slug, article="verification", kind="customer", language="en")
    (line,) = (line for line in made.preview.splitlines() if line.startswith("http"))
    link = urlsplit(line)
    assert not set(line) & set("{}<> ")
    query = {name: values[0] for name, values in parse_qs(link.query, strict_parsing=True).items()}
    assert query == {"hd": slug, "t": made.of.ticket.example, "flow": "verification", "lang": "en"}
    assert TICKET.fullmatch(query["t"])
    page = Client().get(f"{link.path}?{link.query}")
    assert page.context["ignored"] == ()
    assert page.context["article"].slug == "verification"
    assert "example.org" not in link.query, "addresses stand behind the #"
    assert link.fragment.startswith("c=COMPANY-1042&e=anna")


@pytest.mark.parametrize("slug", SLUGS)
def test_a_link_for_agents_leads_to_the_ticket(console: Client, slug: str) -> None:
    made = built(console, helpdesk=slug, kind="agent")
    path = urlsplit(made.preview.rpartition(" ")[2]).path
    assert Client().get(path)["Location"] == f"/console/tickets/{slug}/{made.of.ticket.example}/"


@pytest.mark.parametrize("slug", ["freshdesk", "jira", "zendesk"])
def test_a_call_for_automations_is_json_that_our_door_understands(console: Client, slug: str) -> None:
    made = built(console, helpdesk=slug, kind="call", article="timeclock")
    said = json.loads(made.preview)
    assert set(said) == {"ticket", "address", "company_id", "article", "language"}
    assert made.url == f"{settings.PORTAL_URL}/hooks/helpdesk/{slug}/"
    desk = importlib.import_module(f"diagnostics.helpdesks.{slug}")
    told = referral(said, desk.TICKET)
    assert str(parse_address(told.address)) == "anna@example.org"
    assert told.company_id == "COMPANY-1042"


@pytest.mark.parametrize("slug", ["hubspot", "intercom", "salesforce"])
def test_a_helpdesk_without_an_adapter_says_so(console: Client, slug: str) -> None:
    assert built(console, helpdesk=slug, kind="call") is None
    assert "no adapter yet" in console.get(URL, {"helpdesk": slug, "kind": "call"}).content.decode()


def test_salesforce_encodes_what_it_puts_in(console: Client) -> None:
    made = built(console, helpdesk="salesforce", kind="customer")
    assert "t={!URLENCODE(Case.CaseNumber)}&" in made.text
    assert "e={!URLENCODE(Contact.Email)}" in made.text
    assert "anna%40example.org" in made.preview


@pytest.mark.parametrize("slug", SLUGS)
def test_what_we_could_not_try_is_named(console: Client, slug: str) -> None:
    response = console.get(URL, {"helpdesk": slug, "kind": "customer"})
    page = unescape(response.content.decode())
    assert ("Check in your helpdesk" in page) == (slug != "zendesk")
    assert all(placeholder in page for placeholder, _example in response.context["built"].to_check)
    assert "Try it" in page


@pytest.mark.parametrize(
    "wrong", [{"helpdesk": "nothing"}, {"article": "x"}, {"kind": "{{"}, {"language": "tlh"}], ids=str
)
def test_what_is_no_choice_is_said(console: Client, wrong: dict[str, str]) -> None:
    response = console.get(URL, wrong)
    assert response.status_code == 200
    assert response.context["built"] is None
    assert response.context["form"].errors


def test_it_is_for_who_may_act(client: Client) -> None:
    assert client.get(URL).status_code == 302
    client.force_login(make_agent("auditor-one", Role.AUDITOR))
    assert client.get(URL).status_code == 403


def test_no_secret_is_shown(console: Client, settings) -> None:
    settings.ZENDESK_URL, settings.ZENDESK_EMAIL, settings.ZENDESK_TOKEN = (
        "https://desk.example.org",
        "a@b.org",
        "key-9",
    )
    settings.ZENDESK_WEBHOOK_SECRET = "secret-9"
    page = console.get(URL, {"kind": "call"}).content.decode()
    assert "https://desk.example.org" in page
    assert not any(secret in page for secret in ("key-9", "secret-9", "a@b.org"))


def test_words_of_a_link_are_encoded() -> None:
    of = macros.macros()["zendesk"]
    link = prefill_link(of, site="https://p.example.org", article="a&b", language="x#y", with_customer=False)
    assert link == "https://p.example.org/start?hd=zendesk&t={{ticket.id}}&flow=a%26b&lang=x%23y"
    assert filled_in(of, link).count("4711") == 1


def test_a_placeholder_that_cannot_stand_in_an_address_is_refused(tmp_path) -> None:
    text = (macros._shelf.paths["zendesk"]).read_text().replace("{{ticket.id}}", "{{ticket&id}}")
    path = tmp_path / "desk.toml"
    path.write_text(text)
    with pytest.raises(BadContent, match="cannot stand in an address"):
        macros._read("desk", path)
