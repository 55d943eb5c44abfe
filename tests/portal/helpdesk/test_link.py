from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from diagnostics.models import Case, DeepLink
from diagnostics.services.limits import OPEN_BY_SOURCE, take

pytestmark = pytest.mark.django_db


def expire(token: str) -> str:
    DeepLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    return token


def revoke(token: str) -> str:
    DeepLink.objects.update(revoked_at=timezone.now())
    return token


def article_gone(token: str) -> str:
    DeepLink.objects.update(article="article-of-old")
    return token


DEAD = {
    "unknown": lambda token: "A" * 22,
    "expired": expire,
    "revoked": revoke,
    "article gone": article_gone,
    "cut": lambda token: token[:-1],
    "longer": lambda token: f"{token}A",
    "very long": lambda token: token * 500,
    "NUL": lambda token: f"{token}%00",
    "other letters": lambda token: token.swapcase(),
}


def test_the_landing_page_says_what_will_be_opened(client: Client, token: str) -> None:
    response = client.get(f"/l/{token}/")
    page = response.content.decode()
    assert response.status_code == 200
    assert "ACME-1" in page
    assert "a•••@example.org" in page
    assert "anna@" not in page
    assert '<form method="post">' in page


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_opening_the_link_changes_nothing(client: Client, token: str, row_counts, method: str) -> None:
    before = row_counts()
    response = getattr(client, method)(f"/l/{token}/")
    assert row_counts() == before
    assert "case_" not in response.cookies.output()


def test_the_button_opens_the_case_and_lets_this_browser_in(client: Client, token: str) -> None:
    response = client.post(f"/l/{token}/")
    case = Case.objects.get()
    assert response.status_code == 303
    assert response["Location"] == f"/cases/{case.reference}/"
    assert (case.company_id, case.address, case.ticket, case.tier) == ("ACME-1", "anna@example.org", "4711", 1)
    assert client.get(response["Location"]).status_code == 200


def test_the_second_press_leads_to_the_same_case(client: Client, token: str) -> None:
    first, second = (client.post(f"/l/{token}/")["Location"] for _ in range(2))
    assert first == second
    assert Case.objects.count() == 1


def test_another_browser_needs_a_link_of_its_own(client: Client, token: str, row_counts) -> None:
    client.post(f"/l/{token}/")
    before = row_counts()
    for other in (Client(), Client()):
        other.get(f"/l/{token}/")
        response = other.post(f"/l/{token}/")
        assert response.status_code == 403
        assert "opened elsewhere" in response.content.decode()
        assert not any(name.startswith("case_") for name in response.cookies)
    assert row_counts() == before


def test_an_answer_that_was_lost_shuts_nobody_out(client: Client, token: str) -> None:
    client.get(f"/l/{token}/")
    known = {name: morsel.value for name, morsel in client.cookies.items()}
    location = client.post(f"/l/{token}/")["Location"]
    again = Client()
    again.cookies.load(known)
    assert again.post(f"/l/{token}/")["Location"] == location


def test_a_browser_that_holds_the_case_may_use_any_of_its_links(client: Client, token: str) -> None:
    location = client.post(f"/l/{token}/")["Location"]
    del client.cookies["link"]
    assert client.post(f"/l/{token}/")["Location"] == location


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("spoil", DEAD.values(), ids=DEAD)
def test_a_dead_link_says_so_without_saying_why(client: Client, token: str, row_counts, spoil, method: str) -> None:
    dead = spoil(token)
    before = row_counts()
    response = getattr(client, method)(f"/l/{dead}/")
    assert response.status_code == 404
    assert row_counts() == before
    assert not any(name.startswith("case_") for name in response.cookies)
    page = response.content.decode()
    assert "This link does not work" in page
    assert "ACME-1" not in page
    assert not any(hint in page for hint in ("expired", "revoked", "unknown"))


def test_every_flipped_character_kills_the_link(client: Client, token: str) -> None:
    for place, character in enumerate(token):
        flipped = f"{token[:place]}{'A' if character != 'A' else 'B'}{token[place + 1 :]}"
        assert client.get(f"/l/{flipped}/").status_code == 404


def test_another_site_cannot_press_the_button(token: str) -> None:
    assert Client(enforce_csrf_checks=True).post(f"/l/{token}/").status_code == 403
    assert not Case.objects.exists()


def test_too_many_cases_from_one_network_have_to_wait(client: Client, token: str) -> None:
    for _ in range(OPEN_BY_SOURCE.count):
        take([(OPEN_BY_SOURCE, "127.0.0.1")])
    response = client.post(f"/l/{token}/")
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    assert "asked for too often" in response.content.decode()
    assert "what you typed" not in response.content.decode()
    assert not Case.objects.exists()


def test_the_page_is_not_kept_not_listed_and_not_told_to_others(client: Client, token: str) -> None:
    response = client.get(f"/l/{token}/")
    assert "no-store" in response["Cache-Control"]
    assert response["X-Robots-Tag"] == "noindex"
    assert response["Referrer-Policy"] == "same-origin"
