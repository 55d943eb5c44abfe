import pytest
from django.conf import settings
from django.test import Client, override_settings

from diagnostics.models import Case

pytestmark = pytest.mark.django_db
URL = "/go/timeclock/"


def initial(response) -> dict[str, str]:
    return {name: value for name, value in response.context["form"].initial.items() if name != "submission"}


def test_what_the_helpdesk_knows_is_filled_in(client: Client) -> None:
    response = client.get(URL, {"company": "ACME-1", "hd": "zendesk", "t": "123", "lang": "en"})
    assert response.status_code == 200
    assert initial(response) == {"company_id": "ACME-1", "helpdesk": "zendesk", "ticket": "123"}
    page = response.content.decode()
    assert 'value="ACME-1"' in page
    assert 'action="/timeclock/"' in page
    assert not response.context["ignored"]


def test_the_case_then_carries_the_ticket(client: Client) -> None:
    form = client.get(URL, {"company": "ACME-1", "hd": "zendesk", "t": "123"}).context["form"]
    response = client.post("/timeclock/", {**form.initial, "address": "anna@example.org"})
    assert response.status_code == 303
    case = Case.objects.get()
    assert (case.helpdesk, case.ticket, case.company_id, case.tier) == ("zendesk", "123", "ACME-1", 0)


def test_a_bare_link_is_the_empty_form(client: Client) -> None:
    response = client.get(URL)
    assert initial(response) == {}
    assert not response.context["ignored"]


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_the_link_changes_nothing(client: Client, row_counts, method: str) -> None:
    before = row_counts()
    getattr(client, method)(URL, {"company": "{{odd}}", "hd": "zendesk", "t": "123", "email": "anna@example.org"})
    assert row_counts() == before


def test_the_link_takes_no_post(client: Client) -> None:
    assert client.post(URL).status_code == 405


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"company": "A" * 65}, "company_id"),
        ({"company": "A" * 10_000}, "company_id"),
        ({"company": "A\x00B"}, "company_id"),
        ({"company": "A\u202eB"}, "company_id"),
        ({"company": "anna@example.org"}, "company_id"),
        ({"company": "{{ticket.organization.external_id}}"}, "company_id"),
        ({"hd": "Zen Desk"}, "helpdesk"),
        ({"hd": "z" * 21}, "helpdesk"),
        ({"hd": "zendesk\n"}, None),
        ({"t": "1" * 65}, "ticket"),
        ({"t": "{{ticket.id}}"}, "ticket"),
        ({"t": "1\r\nBcc: anna"}, "ticket"),
        ({"t": "<script>alert(1)</script>"}, "ticket"),
    ],
)
def test_odd_values_are_left_out_with_a_note(client: Client, query: dict[str, str], field: str | None) -> None:
    response = client.get(URL, query)
    assert response.status_code == 200
    assert field is None or field not in response.context["form"].initial
    assert len(response.context["ignored"]) == (0 if field is None else 1)
    page = response.content.decode()
    assert all(sentence.replace("'", "&#x27;") in page for sentence in response.context["ignored"])
    assert "<script>alert" not in page


@pytest.mark.parametrize("name", ["email", "address", "e", "Mail"])
def test_an_address_is_never_taken_from_a_link(client: Client, name: str) -> None:
    response = client.get(URL, {name: "anna@example.org"})
    page = response.content.decode()
    assert "anna@example.org" not in page
    assert "never taken from a link" in page


def test_one_good_value_beside_an_odd_one_is_taken(client: Client) -> None:
    response = client.get(URL, {"company": "ACME-1", "hd": "Zen Desk", "t": "123"})
    assert initial(response) == {"company_id": "ACME-1", "ticket": "123"}


def test_an_unknown_article_is_not_found(client: Client) -> None:
    assert client.get("/go/nothing/").status_code == 404


def test_the_page_is_not_kept_and_not_listed(client: Client) -> None:
    response = client.get(URL)
    assert "no-store" in response["Cache-Control"]
    assert response["X-Robots-Tag"] == "noindex"
    assert response["Referrer-Policy"] == "same-origin"


@override_settings(LANGUAGES=[("en", "English"), ("de", "German")])
def test_the_language_of_the_link_is_kept_for_the_form(client: Client) -> None:
    response = client.get(URL, {"lang": "de-AT"})
    assert response["Content-Language"] == "de"
    assert client.get("/go/timeclock/")["Content-Language"] == "de"


@pytest.mark.parametrize("language", ["tlh", "x" * 10_000, "en\x00", "../../etc"])
def test_a_language_that_is_not_there_is_no_obstacle(client: Client, language: str) -> None:
    response = client.get(URL, {"lang": language})
    assert response["Content-Language"] == "en"
    assert settings.LANGUAGE_COOKIE_NAME not in response.cookies
