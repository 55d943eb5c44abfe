"""Cases through the API: opened, read, listed, run again."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from diagnostics.models import AuditEntry, Case, CaseLink
from diagnostics.services.api_keys import Scope
from tests.portal.api.conftest import CANNED, CASE, Api, MakeApi, finish, opened, problem_of

FULL = CASE | {
    "ticket": {"helpdesk": "zendesk", "id": "4711"},
    "device_model": "BN6500",
    "asked_at": "minutes",
    "language": "en-GB",
}


def test_a_case_is_opened_with_everything_that_leads_to_it(api: Api, client: Client) -> None:
    response = api.post("/cases", FULL)
    body = response.json()
    case = Case.objects.get()
    assert response.status_code == 201
    assert response.headers["Location"] == body["links"]["self"]
    assert (body["reference"], body["state"], body["ticket"]) == (case.reference, "checking", FULL["ticket"])
    assert (case.company_id, case.address, case.device_model, case.asked_at) == (
        "ACME-1",
        "anna@example.org",
        "BN6500",
        "minutes",
    )
    assert (case.origin, case.api_client, case.language) == ("api", api.client, "en")
    for page in ("customer_url", "it_url"):
        assert client.get(body[page].removeprefix("http://127.0.0.1:8000"), follow=True).status_code == 200
    assert body["links"]["agent_url"].endswith(f"/console/cases/{case.reference}/")
    for name in ("self", "diagnosis", "events"):
        assert api.get(body["links"][name]).status_code == 200


@pytest.mark.parametrize(
    ("scopes", "tier"),
    [((Scope.CASE_WRITE, Scope.CASE_READ), 0), ((Scope.CASE_WRITE, Scope.LINK_WRITE), 1)],
    ids=["who may only write cases", "who may make signed links"],
)
def test_a_case_has_the_tier_that_the_key_vouches_for(make_api: MakeApi, scopes: tuple[Scope, ...], tier: int) -> None:
    assert opened(make_api(*scopes)).tier == tier


def test_opening_is_audited_and_tokens_are_kept_as_hashes_only(api: Api) -> None:
    response = api.post("/cases", CASE)
    entry = AuditEntry.objects.filter(action="link.made").get()
    assert (entry.actor_kind, entry.actor, entry.reference) == ("api", api.client.name, response.json()["reference"])
    token = response.json()["customer_url"].rstrip("/").rpartition("/")[2]
    assert not CaseLink.objects.filter(token_hash=token).exists()
    assert token not in str(list(api.client.requests.values()))


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"company": ""}, "/company"),
        ({"company": "AC\u0000ME"}, "/company"),
        ({"company": "AC\u202eME"}, "/company"),
        ({"company": " "}, "/company"),
        ({"company": 7}, "/company"),
        ({"company": "x" * 65}, "/company"),
        ({"address": "nobody"}, "/address"),
        ({"address": "anna@example.org\r\nBcc: b@example.org"}, "/address"),
        ({"address": "anna@[192.0.2.1]"}, "/address"),
        ({"address": "\ud800@example.org"}, "/address"),
        ({"article": "none"}, "/article"),
        ({"article": "timeclock-outage"}, "/article"),
        ({"device_model": "Toaster"}, "/device_model"),
        ({"asked_at": "yesterday"}, "/asked_at"),
        ({"ticket": {"helpdesk": "Zen desk", "id": "1"}}, "/ticket/helpdesk"),
        ({"ticket": {"helpdesk": "zendesk", "id": "a\nb"}}, "/ticket/id"),
        ({"ticket": {"helpdesk": "zendesk"}}, "/ticket/id"),
        ({"ticket": "zendesk:1"}, "/ticket"),
        ({"language": "e\u0000"}, "/language"),
        ({"tier": 2}, "/tier"),
        ({"a/b~c": 1}, "/a~1b~0c"),
    ],
    ids=lambda value: ascii(value),
)
def test_what_is_not_usable_is_named_and_opens_nothing(api: Api, change: dict[str, object], pointer: str) -> None:
    response = api.post("/cases", CASE | change)
    assert (response.status_code, problem_of(response)) == (422, "not-valid")
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert not Case.objects.exists()


def test_a_client_of_one_vendor_opens_no_case_for_another(make_api: MakeApi) -> None:
    response = make_api(vendor="clockify").post("/cases", CASE | {"article": "timeclock"})
    assert response.status_code in (201, 422)
    other = make_api(vendor="somebody-else").post("/cases", CASE)
    assert other.json()["errors"][0]["pointer"] == "/article"


def test_a_case_is_read_by_its_reference_in_small_letters_too(api: Api) -> None:
    case = opened(api)
    assert api.get(f"/cases/{case.reference.lower()}").json()["reference"] == case.reference


@pytest.mark.parametrize("reference", ["ABCD2345", "x", "%00", "ABCD%0A234", "é", "A" * 300])
def test_there_is_no_other_case(api: Api, reference: str) -> None:
    assert problem_of(api.get(f"/cases/{reference}")) == "not-found"


def test_while_a_run_is_under_way_the_answer_says_when_to_ask_again(testing: Api) -> None:
    case = opened(testing, CANNED)
    for path in (f"/cases/{case.reference}", f"/cases/{case.reference}/diagnosis"):
        assert int(testing.get(path).headers["Retry-After"]) > 0
    finish(case)
    for path in (f"/cases/{case.reference}", f"/cases/{case.reference}/diagnosis"):
        assert "Retry-After" not in testing.get(path).headers


def test_the_list_is_read_page_by_page(api: Api) -> None:
    cases = [opened(api, CASE | {"address": f"anna{n}@example.org"}).reference for n in range(5)]
    found, path = [], "/cases?limit=2"
    while path:
        page = api.get(path).json()
        found += [one["reference"] for one in page["items"]]
        path = f"/cases?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert found == cases[::-1]


def test_the_list_takes_a_constant_number_of_queries(api: Api) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert api.get("/cases").status_code == 200
        return len(asked)

    opened(api)
    queries()  # notes that the key is used
    one = queries()
    for n in range(4):
        opened(api, CASE | {"address": f"anna{n}@example.org"})
    assert queries() == one


def test_the_list_is_filtered_by_ticket_state_and_time(testing: Api) -> None:
    ticket = opened(testing, CANNED | {"ticket": {"helpdesk": "zendesk", "id": "#1"}})
    other = opened(testing, CANNED)
    finish(other)

    def found(query: str) -> list[str]:
        return [one["reference"] for one in testing.get(f"/cases?{query}").json()["items"]]

    assert found("ticket=%231&helpdesk=zendesk") == [ticket.reference]
    assert found("ticket=%231&helpdesk=intercom") == []
    assert found("state=open") == [other.reference]
    assert found("state=checking") == [ticket.reference]
    assert found(f"updated_since={quote((timezone.now() + timedelta(minutes=1)).isoformat())}") == []
    assert len(found(f"updated_since={quote((timezone.now() - timedelta(minutes=1)).isoformat())}")) == 2
    assert len(found("updated_since=0001-01-01T00:00:00%2B23:59")) == 2
    assert found("updated_since=9999-12-31T23:59:60-23:59") == []


@pytest.mark.parametrize(
    "query",
    ["cursor=x", "cursor=", "cursor=ZTowLjA", "limit=0", "limit=101", "limit=1_0", "state=lost", "updated_since=now"]
    + ["updated_since=2026-13-01T00:00:00Z", "ticket=%00", "helpdesk=A", "update_since=2026-01-01T00:00:00Z"],
)
def test_a_query_that_is_not_usable_is_refused(api: Api, query: str) -> None:
    response = api.get(f"/cases?{query}")
    assert problem_of(response) == "not-valid"
    assert response.json()["errors"][0]["parameter"] == query.partition("=")[0]


def test_a_case_is_run_again_once_its_run_is_finished(testing: Api) -> None:
    case = opened(testing, CANNED)
    under_way = testing.post(f"/cases/{case.reference}/runs")
    assert (under_way.status_code, under_way.json()["started"]) == (202, False)
    finish(case)
    again = testing.post(f"/cases/{case.reference}/runs")
    assert (again.status_code, again.json()["started"], again.json()["run"]["number"]) == (202, True, 2)
    assert AuditEntry.objects.filter(action="run.started", reference=case.reference).count() == 2


def test_a_case_is_not_run_again_for_ever(testing: Api) -> None:
    case = opened(testing, CANNED)
    for _ in range(12):
        finish(case)
        assert testing.post(f"/cases/{case.reference}/runs").status_code == 202
    finish(case)
    response = testing.post(f"/cases/{case.reference}/runs")
    assert (response.status_code, problem_of(response)) == (429, "too-many-requests")
    assert int(response.headers["Retry-After"]) > 0
