"""Whatever goes wrong under /api/ is a problem document, whoever notices it."""

from __future__ import annotations

import re

import psycopg_pool
import pytest
from django.db import OperationalError
from django.test import Client

from diagnostics.models import Case
from portal.api.problems import KINDS
from tests.portal.api.conftest import CASE, Api, problem_of


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1/", "/api/v1/nothing", "/api/v2/cases", "/api/v1/cases/", "/api/%00"]
)
def test_what_is_no_address(db: None, path: str) -> None:
    for method in ("get", "post", "delete", "put"):
        response = getattr(Client(raise_request_exception=False), method)(path)
        assert (response.status_code, problem_of(response)) == (404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("put", "/api/v1/cases", {"GET", "POST"}),
        ("post", "/api/v1/events", {"GET"}),
        ("patch", "/api/v1/links", {"POST"}),
    ]
    + [("post", "/api/v1/docs", {"GET", "HEAD"}), ("options", "/api/v1/cases", {"GET", "POST"})],
)
def test_a_method_that_is_not_known(db: None, method: str, path: str, allowed: set[str]) -> None:
    response = getattr(Client(raise_request_exception=False), method)(path)
    assert (response.status_code, problem_of(response)) == (405, "method-not-allowed")
    assert set(re.split(", *", response.headers["Allow"])) == allowed


def test_head_is_get_without_the_body(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.key}"}
    response = api.browser.head("/api/v1/cases", headers=headers)
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["ETag"] == api.get("/cases").headers["ETag"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[" * 9000,
        b'{"a": NaN}',
        b'{"company": "a", "company": "b"}',
        b"\xff\xfe",
        b'"\\ud800',
        b"{}{}",
        b"nul",
    ],
    ids=ascii,
)
def test_a_body_that_is_no_json(api: Api, body: bytes) -> None:
    response = api.post("/cases", body)
    assert response.status_code == (422 if body == b"" else 400)
    assert problem_of(response) == ("not-valid" if body == b"" else "malformed-json")
    assert not Case.objects.exists()


@pytest.mark.parametrize("body", ["[]", "1", '"x"', "null", "true"])
def test_json_that_is_no_object(api: Api, body: str) -> None:
    assert problem_of(api.post("/cases", body)) == "not-valid"


def test_a_body_that_is_too_large_is_not_read(api: Api) -> None:
    response = api.post("/cases", b'{"company": "' + b"x" * 16384 + b'"}')
    assert (response.status_code, problem_of(response)) == (413, "too-large")


@pytest.mark.parametrize("length", ["abc", "-1", "+1", "1_0", "²"])
def test_a_length_that_is_none(api: Api, length: str) -> None:
    headers = {"Authorization": f"Bearer {api.key}", "Idempotency-Key": "a"}
    response = api.browser.generic(
        "POST", "/api/v1/cases", b"{}", content_type="application/json", headers=headers, CONTENT_LENGTH=length
    )
    assert (response.status_code, problem_of(response)) == (400, "bad-request")


def test_a_body_without_a_length(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.key}", "Idempotency-Key": "a", "Transfer-Encoding": "chunked"}
    response = api.browser.generic("POST", "/api/v1/cases", b"", headers=headers)
    assert (response.status_code, problem_of(response)) == (411, "length-required")


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", ""]
    + ["application/json; charset=utf-16", "x" * 300],
)
def test_a_body_that_is_not_declared_as_json(api: Api, media_type: str) -> None:
    headers = {"Authorization": f"Bearer {api.key}", "Idempotency-Key": "a"}
    response = api.browser.post("/api/v1/cases", b'{"a": 1}', content_type=media_type, headers=headers)
    assert (response.status_code, problem_of(response)) == (415, "unsupported-media-type")


def test_a_foreign_host_is_told_in_the_same_form(db: None) -> None:
    response = Client(raise_request_exception=False).get("/api/v1/cases", headers={"Host": "evil.example.org"})
    assert (response.status_code, problem_of(response)) == (400, "bad-request")


@pytest.mark.parametrize(
    ("fault", "status", "slug"),
    [
        (OperationalError("gone"), 503, "unavailable"),
        (psycopg_pool.PoolTimeout("full"), 503, "unavailable"),
        (RuntimeError("secret words"), 500, "internal-error"),
    ],
    ids=["database away", "pool exhausted", "a fault of ours"],
)
def test_a_failure_says_no_more_than_it_should(
    api: Api, monkeypatch: pytest.MonkeyPatch, fault: Exception, status: int, slug: str
) -> None:
    def fail(*args: object) -> None:
        raise fault

    monkeypatch.setattr("portal.api.cases.shown_case", fail)
    api_case = api.post("/cases", CASE)
    assert (api_case.status_code, problem_of(api_case)) == (status, slug)
    assert b"secret words" not in api_case.content
    assert not Case.objects.exists()
    if status == 503:
        assert int(api_case.headers["Retry-After"]) > 0


def test_a_page_of_the_site_keeps_its_own_errors(db: None) -> None:
    assert Client().get("/nothing/at/all/").headers["Content-Type"].startswith("text/html")


def test_every_type_leads_to_its_explanation(db: None, client: Client) -> None:
    page = client.get("/api/v1/docs").content.decode()
    for kind in KINDS:
        assert f'id="problem-{kind.slug}"' in page


def test_cookies_are_neither_read_nor_set(api: Api) -> None:
    response = api.get("/cases", Cookie="language=de; session=abc; csrf=x")
    assert response.status_code == 200
    assert not response.cookies
    assert "Cookie" not in response.headers["Vary"]
