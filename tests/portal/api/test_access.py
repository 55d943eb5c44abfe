"""Who may do what: keys, scopes, tenants. Cookies count for nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from diagnostics.models import ApiKey, Case
from diagnostics.services.api_keys import NameTaken, Scope, TooManyKeys, make_client, make_key, revoke_key
from portal.roles import Role
from tests.agents import make_agent
from tests.portal.api.conftest import ACTOR, CASE, Api, MakeApi, opened, problem_of

OPERATIONS = [
    ("post", "/cases", Scope.CASE_WRITE),
    ("get", "/cases", Scope.CASE_READ),
    ("get", "/cases/{}", Scope.CASE_READ),
    ("get", "/cases/{}/diagnosis", Scope.DIAGNOSIS_READ),
    ("get", "/cases/{}/events", Scope.EVENT_READ),
    ("get", "/events", Scope.EVENT_READ),
    ("post", "/cases/{}/runs", Scope.CASE_WRITE),
    ("post", "/cases/{}/links", Scope.LINK_WRITE),
    ("delete", f"/cases/{{}}/links/{'0' * 64}", Scope.LINK_WRITE),
    ("post", "/links", Scope.LINK_WRITE),
    ("delete", f"/links/{'0' * 64}", Scope.LINK_WRITE),
]
BODIES = {"/cases": CASE, "/cases/{}/links": {"kind": "owner"}, "/links": CASE}


def ask(api: Api, method: str, path: str, case: Case):
    body = (BODIES.get(path),) if method == "post" else ()
    return getattr(api, method)(path.format(case.reference), *body)


@pytest.mark.parametrize(("method", "path", "scope"), OPERATIONS)
def test_every_operation_needs_its_scope_and_no_other(make_api: MakeApi, method: str, path: str, scope: Scope) -> None:
    case = opened(make_api(Scope.CASE_WRITE))
    for held in Scope:
        response = ask(make_api(held), method, path, case)
        if held is scope:
            assert response.status_code in (200, 201, 202, 404)
        else:
            assert problem_of(response) == "missing-scope"
            assert response.json()["scope"] == scope
            assert f'scope="{scope}"' in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize(("method", "path", "scope"), OPERATIONS)
def test_a_session_cookie_alone_gives_nothing(client: Client, api: Api, method: str, path: str, scope: Scope) -> None:
    case = opened(api)
    client.force_login(make_agent(role=Role.ADMIN))
    response = getattr(client, method)(f"/api/v1{path.format(case.reference)}")
    assert (response.status_code, problem_of(response)) == (401, "no-valid-key")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize(
    "said",
    ["Bearer ", "Bearer x", "Bearer wmc_live_" + "A" * 43, "Bearer wmc_live_" + "A" * 42 + "\u00e9", "Basic eDp5", "x"]
    + ["Bearer wmc_live_" + "A" * 43 + " x", "Bearer wmc_live_%00"],
)
def test_what_is_no_key_opens_nothing(db: None, client: Client, said: str) -> None:
    response = client.get("/api/v1/cases", headers={"Authorization": said})
    assert (response.status_code, problem_of(response)) == (401, "no-valid-key")


@pytest.mark.parametrize("flaw", ["revoked", "expired", "cut", "of the other kind"])
def test_a_key_that_holds_no_more(make_api: MakeApi, flaw: str) -> None:
    api = make_api()
    key = ApiKey.objects.get(client=api.client)
    assert api.get("/cases").status_code == 200
    if flaw == "revoked":
        assert revoke_key(key, actor=ACTOR)
        assert not revoke_key(key, actor=ACTOR)
    elif flaw == "expired":
        ApiKey.objects.update(expires_at=timezone.now())
    elif flaw == "cut":
        api.key = api.key[:-1]
    else:
        api.key = api.key.replace("live", "test")
    response = api.get("/cases")
    assert problem_of(response) == "no-valid-key"
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


def test_a_key_is_kept_as_a_hash_and_known_by_its_beginning(api: Api) -> None:
    key = ApiKey.objects.get()
    assert api.key not in str(ApiKey.objects.values().get())
    assert api.key.startswith(key.prefix)
    assert api.key.startswith("wmc_live_")
    assert len(key.prefix) == len("wmc_live_") + 6


def test_use_is_noted_once_a_minute(api: Api, django_assert_max_num_queries) -> None:
    api.get("/cases")
    first = ApiKey.objects.get().last_used_at
    assert first is not None
    api.get("/cases")
    assert ApiKey.objects.get().last_used_at == first
    ApiKey.objects.update(last_used_at=first - timedelta(minutes=1))
    api.get("/cases")
    assert ApiKey.objects.filter(last_used_at__gt=first - timedelta(seconds=1)).exists()


def test_keys_are_rotated_two_at_a_time(api: Api) -> None:
    second, text = make_key(api.client, scopes=[Scope.CASE_READ], actor=ACTOR)
    with pytest.raises(TooManyKeys):
        make_key(api.client, scopes=[Scope.CASE_READ], actor=ACTOR)
    assert revoke_key(ApiKey.objects.exclude(pk=second.pk).get(), actor=ACTOR)
    api.key = text
    assert api.get("/cases").status_code == 200
    make_key(api.client, scopes=[Scope.CASE_READ], actor=ACTOR)


def test_names_of_clients_are_unique(api: Api) -> None:
    with pytest.raises(NameTaken):
        make_client(name=api.client.name, vendor="", is_test=False, actor=ACTOR)


@pytest.mark.parametrize(("method", "path", "scope"), [one for one in OPERATIONS if "{}" in one[1]])
def test_somebody_elses_case_is_none(make_api: MakeApi, method: str, path: str, scope: Scope) -> None:
    case = opened(make_api(), CASE | {"article": "timeclock"})
    of_a_test = opened(make_api(is_test=True), CASE | {"address": "anna@null-mx.test"})
    for api, unseen in [
        (make_api(vendor="clockify"), case),
        (make_api(is_test=True), case),
        (make_api(is_test=True), of_a_test),
        (make_api(), of_a_test),
    ]:
        response = ask(api, method, path, unseen)
        nothing = ask(api, method, path, Case(reference="ABCD2345"))
        assert problem_of(response) == "not-found"
        assert response.json() == nothing.json()


def test_lists_hold_what_the_client_may_see(make_api: MakeApi) -> None:
    mine, everybody, testing = make_api(vendor="timeclock"), make_api(), make_api(is_test=True)
    case = opened(mine, CASE | {"article": "timeclock"})
    opened(testing, CASE | {"address": "anna@null-mx.test"})
    for api, expected in [(mine, 1), (everybody, 1), (make_api(vendor="clockify"), 0), (testing, 1)]:
        assert len(api.get("/cases").json()["items"]) == expected
    assert mine.get(f"/cases/{case.reference}").status_code == 200


def test_a_client_that_asks_too_often_waits(api: Api, settings) -> None:
    settings.API_PER_MINUTE = 2
    first = api.get("/cases")
    assert first.headers["RateLimit-Policy"] == '"client";q=2;w=60'
    assert first.headers["RateLimit"] == '"client";r=1;t=30'
    assert api.get("/cases").headers["RateLimit"].startswith('"client";r=0')
    response = api.get("/cases")
    assert (response.status_code, problem_of(response)) == (429, "too-many-requests")
    assert 0 < int(response.headers["Retry-After"]) <= 60


def test_a_client_opens_no_more_cases_than_its_share(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from diagnostics.services import limits

    monkeypatch.setattr(limits, "OPEN_BY_CLIENT", limits.Rule("open-by-client", 1, timedelta(hours=1)))
    opened(api)
    response = api.post("/cases", CASE)
    assert (response.status_code, problem_of(response)) == (429, "too-many-requests")
