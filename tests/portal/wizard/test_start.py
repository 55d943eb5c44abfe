import re
from unicodedata import normalize

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from diagnostics.addresses import AddressFault
from diagnostics.models import Case
from diagnostics.services import limits
from portal import intake
from portal.intake import ADDRESS_FAULTS

pytestmark = pytest.mark.django_db
URL = "/verification/"


def report(**fields: str) -> dict[str, str]:
    return {"company_id": "ACME-1", "address": "anna@example.org", "submission": "s" * 22} | fields


def page(response) -> str:
    return normalize("NFC", response.content.decode())


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("", AddressFault.EMPTY),
        ("anna@example.org\r\nBcc: bob@example.net", AddressFault.CONTROL_CHARACTERS),
        ("anna\x00@example.org", AddressFault.CONTROL_CHARACTERS),
        ("anna\u202e@example.org", AddressFault.CONTROL_CHARACTERS),
        (f"anna@{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 20}.org", AddressFault.TOO_LONG),
        ("anna smith@example.org", AddressFault.SPACES_INSIDE),
        ("anna.example.org", AddressFault.NO_AT),
        ("anna@@example.org", AddressFault.SEVERAL_AT),
        ("@example.org", AddressFault.LOCAL_PART_MISSING),
        ("anna@", AddressFault.DOMAIN_MISSING),
        ("anna..b@example.org", AddressFault.BAD_LOCAL_PART),
        ("anna@[192.0.2.1]", AddressFault.LITERAL),
        ("anna@localhost", AddressFault.LOCALHOST),
        ("anna@exa_mple.org", AddressFault.BAD_DOMAIN),
        ("anna@server.internal-only", AddressFault.NO_PUBLIC_SUFFIX),
    ],
    ids=lambda value: value.value if isinstance(value, AddressFault) else "",
)
def test_a_bad_address_is_explained_and_nothing_typed_is_lost(client: Client, typed: str, fault: AddressFault) -> None:
    response = client.post(URL, report(address=typed, company_id="ACME-77"))
    text = page(response)
    words = str(ADDRESS_FAULTS[fault])
    assert response.status_code == 200
    assert Case.objects.count() == 0
    assert f'<a href="#id_address">{words}</a>' in text
    assert f'<p class="field-error">{words}</p>' in text
    assert "<title>Error: " in text
    assert 'value="ACME-77"' in text
    assert response.context["form"]["address"].value() == typed


def test_every_fault_of_an_address_has_words() -> None:
    assert set(ADDRESS_FAULTS) == set(AddressFault)


@pytest.mark.parametrize(
    ("company_id", "words"),
    [
        ("", "Enter your company ID"),
        ("   ", "Enter your company ID"),
        ("x" * 65, "The company ID can have 64 characters at most"),
        ("AC\x00ME", "The company ID contains invisible characters: type it instead of pasting it"),
        ("AC\u202eME", "The company ID contains invisible characters: type it instead of pasting it"),
    ],
    ids=["empty", "spaces", "too long", "nul", "direction mark"],
)
def test_a_bad_company_id_is_explained(client: Client, company_id: str, words: str) -> None:
    text = page(client.post(URL, report(company_id=company_id)))
    assert f'<a href="#id_company_id">{words}</a>' in text
    assert 'value="anna@example.org"' in text
    assert Case.objects.count() == 0


def test_a_good_report_opens_a_case_and_leads_to_its_page(client: Client) -> None:
    response = client.post("/timeclock/", report(device_model="BN6500", asked_at="several"))
    case = Case.objects.get()
    assert (response.status_code, response["Location"]) == (303, reverse("wizard:case", args=[case.reference]))
    assert (case.address, case.company_id, case.device_model, case.asked_at) == (
        "anna@example.org",
        "ACME-1",
        "BN6500",
        "several",
    )
    assert client.get(response["Location"]).status_code == 200


def test_posting_twice_opens_one_case(client: Client) -> None:
    locations = {client.post(URL, report())["Location"] for _ in range(2)}
    assert (len(locations), Case.objects.count()) == (1, 1)


def test_the_same_report_from_a_fresh_form_leads_back_to_the_case(client: Client) -> None:
    locations = {client.post(URL, report(submission=f"form-{number}"))["Location"] for number in range(2)}
    assert (len(locations), Case.objects.count()) == (1, 1)


def test_the_same_report_from_another_browser_opens_its_own_case(client: Client) -> None:
    client.post(URL, report(submission="one"))
    Client().post(URL, report(submission="two"))
    assert Case.objects.count() == 2


def test_a_slip_of_the_finger_is_asked_about_before_a_case_is_opened(client: Client) -> None:
    text = page(client.post(URL, report(address="anna@gmial.com")))
    assert "Did you mean anna@gmail.com?" in text
    assert 'value="anna@gmial.com"' in text
    assert Case.objects.count() == 0


@pytest.mark.parametrize(
    ("choice", "address"),
    [("suggested", "anna@gmail.com"), ("typed", "anna@gmial.com"), ("", "anna@gmial.com")],
    ids=["take it", "keep mine", "sent again"],
)
def test_the_question_about_a_slip_is_put_once(client: Client, choice: str, address: str) -> None:
    answer = {"asked_about": "anna@gmial.com"} | ({"address_choice": choice} if choice else {})
    response = client.post(URL, report(address="anna@gmial.com", **answer))
    assert (response.status_code, Case.objects.get().address) == (303, address)


def test_an_answer_about_another_address_does_not_count(client: Client) -> None:
    answer = {"asked_about": "anna@gmial.com", "address_choice": "suggested"}
    client.post(URL, report(address="anna@example.org", **answer))
    assert Case.objects.get().address == "anna@example.org"


def test_a_slip_that_makes_the_address_unusable_can_be_repaired_with_one_click(client: Client) -> None:
    text = page(client.post(URL, report(address="anna@gmailcom")))
    assert "Use anna@gmail.com" in text
    assert "Keep anna@gmailcom" not in text
    client.post(URL, report(address="anna@gmailcom", asked_about="anna@gmailcom", address_choice="suggested"))
    assert Case.objects.get().address == "anna@gmail.com"


def test_a_reached_limit_keeps_the_form_and_says_when_to_come_back(client: Client) -> None:
    for _ in range(limits.OPEN_BY_SOURCE.count):
        limits.take([(limits.OPEN_BY_SOURCE, "127.0.0.1")])
    response = client.post(URL, report(company_id="ACME-77"))
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 3600
    assert re.search(r"try again in \d+ minutes", page(response))
    assert 'value="ACME-77"' in page(response)
    assert Case.objects.count() == 0


def test_what_was_typed_comes_back_while_the_database_is_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(report: object) -> None:
        raise OperationalError("the connection is lost")

    monkeypatch.setattr(intake, "open_case", away)
    response = client.post(URL, report(company_id="ACME-77"))
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert 'value="ACME-77"' in page(response)
    assert "press the button again" in page(response)


def test_limits_hold_while_the_broker_is_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object, **kwargs: object) -> None:
        raise ConnectionError("nobody there")

    monkeypatch.setattr("kombu.Connection.ensure_connection", away)
    monkeypatch.setattr("redis.connection.AbstractConnection.connect", away)
    limits.take([(limits.OPEN_BY_ADDRESS, "anna@example.org")] * (limits.OPEN_BY_ADDRESS.count - 2))
    statuses = [client.post(URL, report(submission=f"{number:022}")).status_code for number in range(4)]
    assert statuses == [303, 303, 303, 303]  # the same browser's same report leads to its case
    statuses = [Client().post(URL, report(submission=f"{number:022}")).status_code for number in range(5, 8)]
    assert statuses == [303, 429, 429]
    assert Case.objects.count() == 2


def test_nothing_is_taken_from_the_query_string(client: Client) -> None:
    text = page(client.get(URL, {"address": "anna@example.org", "company_id": "ACME-1"}))
    assert "anna@example.org" not in text
    assert "ACME-1" not in text


def test_a_form_from_elsewhere_is_refused_with_a_way_back() -> None:
    response = Client(enforce_csrf_checks=True).post(URL, report())
    assert response.status_code == 403
    assert f'href="{URL}"' in page(response)
    assert Case.objects.count() == 0


def test_the_home_page_lists_the_articles_and_no_lab(client: Client, settings) -> None:
    settings.LAB = False
    text = page(client.get("/"))
    assert 'href="/timeclock/"' in text
    assert 'href="/verification/"' in text
    assert "LAB-1000" not in text


def test_in_lab_mode_the_home_page_offers_the_lab(client: Client, settings) -> None:
    settings.LAB = True
    text = page(client.get("/"))
    assert 'value="anna@mailbox-full.test"' in text
    response = client.post(URL, {"company_id": "LAB-1000", "address": "anna@mailbox-full.test", "submission": "x"})
    assert response.status_code == 303


def test_an_unknown_article_does_not_exist(client: Client) -> None:
    assert client.get("/no-such-article/").status_code == 404


@pytest.mark.parametrize("name", ["submission", "helpdesk", "ticket"])
@pytest.mark.parametrize("value", ["a\x00b", "x" * 500, "ü ß"], ids=["NUL", "too long", "odd letters"])
def test_hidden_values_that_cannot_be_used_are_left_out(client: Client, name: str, value: str) -> None:
    assert client.post(URL, report(**{name: value})).status_code == 303
    case = Case.objects.get()
    assert (case.helpdesk, case.ticket) == ("", "")
    again = client.post(URL, report(**{name: value, "address": "not one"}))
    assert again.context["form"]["submission"].value()
    assert [problem.target for problem in again.context["problems"]] == ["id_address"]


@pytest.mark.parametrize(
    ("slug", "field", "words"),
    [
        ("verification", "asked_at", "Choose one of the answers here, or none"),
        ("timeclock", "device_model", "Choose a clock model from the list, or none"),
    ],
)
def test_a_choice_that_is_not_offered_is_explained(client: Client, slug: str, field: str, words: str) -> None:
    text = page(client.post(f"/{slug}/", report(**{field: "tampered\x00"})))
    assert words in text
    assert not Case.objects.exists()
