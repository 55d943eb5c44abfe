"""The start page beyond what is free: nothing typed is lost, and every proof pays for one case."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from unicodedata import normalize

import pytest
import time_machine
from altcha import Challenge, Payload, solve_challenge
from django.test import Client
from django.urls import reverse

from diagnostics.articles import article
from diagnostics.domain import Address
from diagnostics.models import Case, UsedProof
from diagnostics.services import limits, proofs, refusals
from diagnostics.services.deep_links import make_link
from diagnostics.services.proofs import LIFETIME, PATIENCE
from tests.portal.wizard.test_start import URL, page, report

pytestmark = pytest.mark.django_db
HERE = "127.0.0.1"
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
FREE = limits.OPEN_BY_SOURCE.soft or 0


@pytest.fixture(autouse=True)
def easy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "COST", 1)
    monkeypatch.setattr(proofs, "TRIES", range(3, 9))


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture
def beyond(clock: time_machine.Traveller) -> None:
    """This network has had what is free."""
    limits.take([(limits.OPEN_BY_SOURCE, HERE)] * FREE)


def sent(number: int = 1, **fields: str) -> dict[str, str]:
    """A form of its own for each number."""
    return report(company_id=f"ACME-{number}", submission=f"{number:022}", **fields)


def asked_in(response: Any) -> dict[str, Any]:
    found = re.search(r'data-challenge="([^"]*)"', page(response))
    assert found
    challenge: dict[str, Any] = json.loads(unescape(found[1]))
    return challenge


def ticket_in(response: Any) -> str:
    found = re.search(r'name="waited" value="([^"]*)"', page(response))
    assert found
    return found[1]


def solution_of(challenge: dict[str, Any]) -> str:
    made = Challenge.from_dict(challenge)
    solution = solve_challenge(made)
    assert solution
    return Payload(made, solution).to_base64()


def test_what_is_free_asks_for_nothing(client: Client) -> None:
    assert "One more step" not in page(client.get(URL))
    for number in range(FREE):
        assert client.post(URL, sent(number, address=f"anna{number}@example.org")).status_code == 303
    assert "One more step" in page(client.post(URL, sent(FREE)))
    assert Case.objects.count() == FREE


@pytest.mark.usefixtures("beyond")
def test_beyond_it_the_form_comes_back_with_a_task_and_all_that_was_typed(client: Client) -> None:
    response = client.post(URL, sent(77, address="Anna@Example.org", asked_at="minutes"))
    text = page(response)
    assert response.status_code == 200
    assert 'value="ACME-77"' in text
    assert 'value="Anna@Example.org"' in text
    assert re.search(r'value="minutes"[^>]*checked', text)
    assert 'value="0000000000000000000077"' in text
    assert "<title>Error" not in text  # nothing was wrong
    assert "Please wait 30 seconds, then press" in normalize("NFC", text)
    assert "data-goes-on" in text
    assert asked_in(response)["parameters"]["algorithm"] == proofs.ALGORITHM
    assert not Case.objects.exists()
    assert refusals.totals() == {"proof-asked": 1}


@pytest.mark.usefixtures("beyond")
def test_a_solved_task_opens_the_case(client: Client) -> None:
    solution = solution_of(asked_in(client.post(URL, sent())))
    response = client.post(URL, sent(altcha=solution))
    assert (response.status_code, response["Location"]) == (
        303,
        reverse("wizard:case", args=[Case.objects.get().reference]),
    )


@pytest.mark.usefixtures("beyond")
def test_each_case_takes_a_task_of_its_own(client: Client) -> None:
    solution = solution_of(asked_in(client.post(URL, sent())))
    client.post(URL, sent(altcha=solution))
    response = client.post(URL, sent(2, altcha=solution, address="berta@example.org"))
    text = page(response)
    assert response.status_code == 200
    assert "That did not work. Press the button again; what you typed is still here." in text
    assert 'value="ACME-2"' in text
    assert "<title>Error: " in text
    assert "data-goes-on" not in text  # so that nobody goes round for ever
    assert Case.objects.count() == 1
    again = client.post(URL, sent(2, altcha=solution_of(asked_in(response)), address="berta@example.org"))
    assert again.status_code == 303


@pytest.mark.usefixtures("beyond")
def test_the_same_form_twice_leads_to_the_same_case_and_pays_once(client: Client) -> None:
    solution = solution_of(asked_in(client.post(URL, sent())))
    first, second = client.post(URL, sent(altcha=solution)), Client().post(URL, sent(altcha=solution))
    assert first["Location"] == second["Location"]
    assert UsedProof.objects.count() == 1


@pytest.mark.usefixtures("beyond")
def test_an_old_task_is_given_back_for_a_new_one(client: Client, clock: time_machine.Traveller) -> None:
    solution = solution_of(asked_in(client.post(URL, sent())))
    clock.shift(LIFETIME + timedelta(seconds=1))
    limits.take([(limits.OPEN_BY_SOURCE, HERE)] * (FREE - 3))  # a third of an hour gave as many back
    response = client.post(URL, sent(altcha=solution))
    assert "This page was open for too long." in page(response)
    assert client.post(URL, sent(altcha=solution_of(asked_in(response)))).status_code == 303


@pytest.mark.usefixtures("beyond")
def test_a_task_of_another_network_pays_nothing(client: Client, settings) -> None:
    settings.TRUSTED_PROXY_HOPS = 1
    limits.take([(limits.OPEN_BY_SOURCE, "203.0.113.1")] * FREE)
    limits.take([(limits.OPEN_BY_SOURCE, "203.0.113.2")] * FREE)
    elsewhere = client.post(URL, sent(), headers={"X-Forwarded-For": "203.0.113.1"})
    response = client.post(
        URL, sent(altcha=solution_of(asked_in(elsewhere))), headers={"X-Forwarded-For": "203.0.113.2"}
    )
    assert "That did not work." in page(response)


@pytest.mark.usefixtures("beyond")
def test_without_a_script_it_takes_half_a_minute(client: Client, clock: time_machine.Traveller) -> None:
    waited = ticket_in(client.post(URL, sent()))
    clock.shift(18)
    early = client.post(URL, sent(waited=waited, altcha=""))
    assert "Please wait 12 more seconds, then press the button again" in page(early)
    assert ticket_in(early) == waited
    clock.shift(12)
    assert client.post(URL, sent(waited=waited, altcha="")).status_code == 303


@pytest.mark.usefixtures("beyond")
def test_a_heap_of_tickets_opens_one_case_in_half_a_minute(client: Client, clock: time_machine.Traveller) -> None:
    heap = [ticket_in(client.post(URL, sent())) for _ in range(3)]
    clock.shift(PATIENCE)
    assert client.post(URL, sent(1, waited=heap[0])).status_code == 303
    response = client.post(URL, sent(2, waited=heap[1], address="berta@example.org"))
    assert (response.status_code, response["Retry-After"]) == (429, "30")
    assert 'value="ACME-2"' in page(response)
    assert ticket_in(response) == heap[1]
    clock.shift(PATIENCE)
    assert client.post(URL, sent(2, waited=heap[1], address="berta@example.org")).status_code == 303


@pytest.mark.usefixtures("beyond")
def test_a_slip_in_a_field_costs_neither_the_task_nor_the_waiting(client: Client) -> None:
    first = client.post(URL, sent())
    solution, waited = solution_of(asked_in(first)), ticket_in(first)
    response = client.post(URL, sent(altcha=solution, waited=waited, address="anna@"))
    assert "Something is missing after the @" in page(response)
    assert ticket_in(response) == waited
    assert not UsedProof.objects.exists()
    assert client.post(URL, sent(altcha=solution, waited=waited)).status_code == 303


def test_a_proof_opens_nothing_beyond_the_hard_limit_and_stays_good(
    client: Client, clock: time_machine.Traveller
) -> None:
    limits.take([(limits.OPEN_BY_SOURCE, HERE)] * FREE)
    solution = solution_of(asked_in(client.post(URL, sent())))
    limits.take([(limits.OPEN_BY_SOURCE, HERE)] * (limits.OPEN_BY_SOURCE.count - FREE))
    response = client.post(URL, sent(altcha=solution))
    assert response.status_code == 429
    assert not UsedProof.objects.exists()
    clock.shift(int(response["Retry-After"]))
    assert client.post(URL, sent(altcha=solution)).status_code == 303


@pytest.mark.usefixtures("beyond")
def test_a_signed_link_needs_no_proof(client: Client) -> None:
    timeclock = article("timeclock")
    assert timeclock is not None
    token = make_link(article=timeclock, company_id="ACME-1", address=Address("anna", "example.org"))
    assert client.post(f"/l/{token}/").status_code == 303


@pytest.mark.usefixtures("beyond")
def test_what_is_sent_as_a_proof_is_never_shown(client: Client) -> None:
    response = client.post(URL, sent(altcha='"><script>alert(1)</script>', waited='"><script>alert(2)</script>'))
    assert "alert(" not in page(response)
    assert ticket_in(response)
