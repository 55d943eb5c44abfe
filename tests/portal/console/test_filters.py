"""The list of cases, narrowed: by address, form and chips."""

import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from diagnostics.models import Case
from portal.console.filters import CaseFilters
from portal.console.listing import PAGE_SIZE

URL = "/console/"


@pytest.fixture
def cases(open_one) -> dict[str, Case]:
    """Three cases that differ in everything that can be asked for."""
    said = {
        "anna": {
            "state": "open",
            "verdict": "cause_found",
            "cause": "mailbox.full",
            "provider": "microsoft-365",
            "gateway": "mimecast",
            "article": "timeclock",
            "origin": "helpdesk",
            "created_at": datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC),
        },
        "bert": {
            "state": "resolved",
            "verdict": "likely_cause",
            "cause": "placed.spam",
            "provider": "google-workspace",
            "article": "verification",
            "origin": "portal",
            "created_at": datetime(2026, 2, 1, tzinfo=UTC),
        },
        "carl": {
            "state": "checking",
            "provider": "provider-of-tomorrow",
            "cause": "cause.of-tomorrow",
            "article": "article-of-old",
            "origin": "api",
            "created_at": datetime(2026, 3, 1, tzinfo=UTC),
        },
    }
    opened = {
        "anna": open_one("anna@example.org", company_id="ACME-1", helpdesk="zendesk", ticket="4711"),
        "bert": open_one("bert@example.net", company_id="acme-2"),
        "carl": open_one("carl@example.net", company_id="OTHER"),
    }
    for name, case in opened.items():
        Case.objects.filter(pk=case.pk).update(**said[name])
    return opened


def names(response) -> set[str]:
    return {row.case.address.partition("@")[0] for row in response.context["page"].rows}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"state": "open"}, "anna"),
        ({"state": "checking"}, "carl"),
        ({"verdict": "likely_cause"}, "bert"),
        ({"cause": "mailbox.full"}, "anna"),
        ({"cause": "cause.of-tomorrow"}, "carl"),
        ({"provider": "microsoft-365"}, "anna"),
        ({"provider": "provider-of-tomorrow"}, "carl"),
        ({"gateway": "mimecast"}, "anna"),
        ({"gateway": "none"}, "bert carl"),
        ({"article": "verification"}, "bert"),
        ({"article": "article-of-old"}, "carl"),
        ({"origin": "helpdesk"}, "anna"),
        ({"domain": "example.net"}, "bert carl"),
        ({"domain": "@EXAMPLE.org"}, "anna"),
        ({"company": "ACME-2"}, "bert"),
        ({"company": "ACME"}, ""),
        ({"ticket": "4711"}, "anna"),
        ({"since": "2026-02-01"}, "bert carl"),
        ({"until": "2026-01-31"}, "anna"),
        ({"since": "2026-02-01", "until": "2026-02-01"}, "bert"),
        ({"domain": "example.net", "verdict": "likely_cause"}, "bert"),
        ({"domain": "example.net", "state": "open"}, ""),
        ({"q": "example.net", "state": "checking", "since": "2026-01-01"}, "carl"),
        ({"provider": "nobody-at-all"}, ""),
        ({"provider": "nobody-at-all", "verdict": "likely_cause"}, ""),
        ({"unknown": "x", "domain": "example.org"}, "anna"),
    ],
    ids=str,
)
def test_filters_let_through(console: Client, cases: dict[str, Case], query: dict[str, str], found: str) -> None:
    response = console.get(URL, query)
    assert response.status_code == 200
    assert names(response) == set(found.split())


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"provider": "microsoft-365"}, "Provider: Microsoft 365"),
        ({"provider": "provider-of-tomorrow"}, "Provider: provider-of-tomorrow"),
        ({"provider": "none"}, "Provider: Not known"),
        ({"gateway": "none"}, "Gateway: None"),
        ({"cause": "mailbox.full"}, "Cause: Your mailbox is full."),
        ({"cause": "domain.gone"}, "Cause: … does not exist on the internet."),
        ({"verdict": "likely_cause"}, "Verdict: Likely cause"),
        ({"since": "2026-02-01"}, "Opened from: 2026-02-01"),
        ({"company": "<b>"}, "Company ID: &lt;b&gt;"),
    ],
    ids=str,
)
def test_a_chip_says_what_people_call_it(console: Client, cases, query: dict[str, str], words: str) -> None:
    assert words in console.get(URL, query).content.decode()


def test_a_chip_leads_to_the_list_without_it_alone(console: Client, cases) -> None:
    query = {"q": "example", "provider": "microsoft-365", "domain": "example.org", "since": "2026-01-01"}
    chips = {chip.label: chip.without for chip in console.get(URL, query).context["filters"].chips}
    assert set(chips) == {"Provider", "Domain", "Opened from"}
    rest = {name: [value] for name, value in query.items() if name != "provider"}
    assert parse_qs(urlsplit(chips["Provider"]).query) == rest


def test_every_choice_that_has_a_name_can_be_asked_for(console: Client, db) -> None:
    page = console.get(URL).content.decode()
    for name in ("state", "verdict", "cause", "provider", "gateway", "article", "origin"):
        select = re.search(rf'<select[^>]* name="{name}".*?</select>', page, re.DOTALL)
        assert select
        codes = re.findall(r'<option value="([^"]+)"', select[0])
        assert len(codes) > 1
        for code in codes:
            assert CaseFilters({name: code}).is_valid(), code


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"state": "<script>"}, "Choose one of the list."),
        ({"verdict": "maybe"}, "Choose one of the list."),
        ({"provider": "Microsoft 365!"}, "Choose one of the list."),
        ({"cause": "x" * 61}, "Choose one of the list."),
        ({"since": "yesterday"}, "That is no date. Write it like 2026-01-31."),
        ({"until": "2026-02-30"}, "That is no date. Write it like 2026-01-31."),
        ({"since": "0001-01-01"}, "That is outside of what can be kept here: 2000 to 2099."),
        ({"until": "9999-12-31"}, "That is outside of what can be kept here: 2000 to 2099."),
        ({"since": "2026-02-01", "until": "2026-01-01"}, "That is before the first day."),
        ({"domain": "a" * 255}, "That is too long to be found: nothing here has more than 254 characters."),
        ({"company": "a" * 65}, "That is too long to be found: nothing here has more than 64 characters."),
        ({"ticket": "1\x002"}, "That contains invisible characters: type it instead of pasting it."),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_asked_for_is_said_beside_its_field_and_nothing_is_lost(
    console: Client, cases, query: dict[str, str], message: str
) -> None:
    kept = {"gateway": "mimecast", "company": "ACME-1"} | query
    response = console.get(URL, kept)
    page = response.content.decode()
    assert response.status_code == 200
    assert names(response) == set()
    assert "<title>Error:" in page
    assert f'<p class="field-error">{message}</p>' in page
    assert '<details class="filters" open>' in page
    form = response.context["filters"].form
    for name, value in kept.items():
        assert form[name].value() == value
        shown = str(form[name])
        assert re.search(r'value="[^"]+"( selected)?', shown), shown
    assert '<option value="mimecast" selected>' in str(form["gateway"]) or "gateway" in query


def test_what_a_form_without_javascript_sends_becomes_a_short_address(console: Client, cases) -> None:
    fields = dict.fromkeys(CaseFilters.base_filters, "")
    response = console.get(URL, fields | {"domain": " example.org ", "provider": "microsoft-365"})
    assert response.status_code == 302
    assert parse_qs(urlsplit(response["Location"]).query) == {"domain": ["example.org"], "provider": ["microsoft-365"]}
    assert console.get(response["Location"]).status_code == 200
    assert console.get(URL, fields)["Location"] == URL


def test_filters_go_on_over_pages_and_back_to_the_first(console: Client, open_one) -> None:
    for number in range(2 * PAGE_SIZE + 4):
        open_one(f"anna{number}@example.{'org' if number % 2 else 'net'}")
    Case.objects.update(provider="microsoft-365")
    query = {"domain": "example.org", "provider": "microsoft-365"}
    first = console.get(URL, query)
    assert len(names(first)) == PAGE_SIZE
    assert first.context["first_url"] == ""
    second = console.get(first.context["next_url"])
    assert len(names(second)) == 2
    assert not names(first) & names(second)
    assert second.context["next_url"] == ""
    assert parse_qs(urlsplit(second.context["first_url"]).query) == {name: [value] for name, value in query.items()}


def test_nothing_is_counted_to_its_end(console: Client, open_one) -> None:
    for _ in range(PAGE_SIZE + 1):
        open_one()
    assert "25 cases, and there are older ones." in console.get(URL).content.decode()
    Case.objects.all()[0].delete()
    assert "25 cases." in console.get(URL).content.decode()


def test_filters_that_let_nothing_through_say_so(console: Client, cases) -> None:
    page = console.get(URL, {"domain": "example.com"}).content.decode()
    assert "No case passes these filters." in page
    assert "Domain: example.com" in page
