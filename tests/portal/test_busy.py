"""Too many checks wait: every face says so with 503 and when to come back, and keeps what was typed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from diagnostics.articles import article
from diagnostics.domain import Address
from diagnostics.models import Case, DeepLink, Group, GroupState, Run
from diagnostics.services import queue_cap
from diagnostics.services.cases import Report, mint_link, open_case
from diagnostics.services.deep_links import make_link
from diagnostics.services.helpdesk_calls import Call, Taken, take
from tests.agents import make_agent, signed_in
from tests.portal.api.conftest import CASE, Api, MakeApi, api, make_api, opened, problem_of  # noqa: F401

pytestmark = pytest.mark.django_db
URL = "/verification/"
WORDS = "Very many checks are waiting at this moment"


@pytest.fixture
def case() -> Case:
    timeclock = article("timeclock")
    assert timeclock is not None
    case = open_case(Report(timeclock, "ACME-1", Address("anna", "example.org"), "192.0.2.1"))
    Run.objects.update(finished_at=timezone.now())
    return case


@pytest.fixture
def busy(case: Case, settings) -> None:
    """One group fewer may wait than does."""
    settings.QUEUE_MOST_GROUPS = Group.objects.filter(state=GroupState.QUEUED).count() - 1
    queue_cap.look_again()


def assert_comes_back(response: Any) -> None:
    assert response.status_code == 503
    assert 0 < int(response["Retry-After"]) < 60


@pytest.mark.usefixtures("busy")
def test_the_start_page_keeps_what_was_typed(client: Client) -> None:
    response = client.post(URL, {"company_id": "ACME-77", "address": "berta@example.org", "asked_at": "minutes"})
    assert_comes_back(response)
    text = response.content.decode()
    assert (
        f"{WORDS}, so we do not begin another one. Please try again in 1 minute; what you typed is still here." in text
    )
    assert 'value="ACME-77"' in text
    assert 'value="berta@example.org"' in text
    assert Case.objects.count() == 1


@pytest.mark.usefixtures("busy")
def test_the_case_page_goes_on_and_only_a_new_run_waits(client: Client, case: Case) -> None:
    client.get(reverse("wizard:open_link", args=[mint_link(case)]))
    assert client.get(reverse("wizard:case", args=[case.reference])).status_code == 200
    response = client.post(reverse("wizard:again", args=[case.reference]))
    assert_comes_back(response)
    assert WORDS in response.content.decode()
    assert "what you typed" not in response.content.decode()


@pytest.mark.usefixtures("busy")
def test_a_signed_link_stays_good(client: Client) -> None:
    timeclock = article("timeclock")
    assert timeclock is not None
    token = make_link(article=timeclock, company_id="ACME-1", address=Address("carl", "example.org"))
    response = client.post(f"/l/{token}/")
    assert_comes_back(response)
    assert WORDS in response.content.decode()
    queue_cap.look_again()
    Group.objects.update(state=GroupState.DONE)
    assert client.post(f"/l/{token}/").status_code == 303


@pytest.mark.usefixtures("busy")
def test_the_api_says_so_and_the_same_key_is_good_later(api: Api) -> None:  # noqa: F811
    response = api.post("/cases", CASE, idempotency_key="once")
    assert_comes_back(response)
    assert problem_of(response) == "too-many-checks-waiting"
    Group.objects.update(state=GroupState.DONE)
    queue_cap.look_again()
    assert api.post("/cases", CASE, idempotency_key="once").status_code == 201


@pytest.mark.usefixtures("busy")
def test_a_client_s_new_run_waits_as_well(api: Api, case: Case) -> None:  # noqa: F811
    response = api.post(f"/cases/{case.reference}/runs")
    assert_comes_back(response)
    assert problem_of(response) == "too-many-checks-waiting"


@pytest.mark.usefixtures("busy")
def test_an_agent_s_new_run_waits_as_well(client: Client, case: Case) -> None:
    signed_in(client, make_agent())
    for said in ({}, {"group": "dns"}):
        page = client.post(f"/console/cases/{case.reference}/again/", said, follow=True).content.decode()
        assert f"{WORDS}. Nothing was started" in page
    assert case.runs.count() == 1


@pytest.mark.usefixtures("busy")
def test_a_helpdesk_s_call_is_taken_and_its_link_opens_the_case_later(client: Client) -> None:
    """Not every helpdesk calls twice."""
    timeclock = article("timeclock")
    assert timeclock is not None
    call = Call("zendesk", "1", "4711", timeclock, "ACME-1", Address("dora", "example.org"), "en", "192.0.2.9")
    assert take(call, opens_case=True) is Taken.LINK_MADE
    assert DeepLink.objects.get().case is None
    assert Case.objects.count() == 1
