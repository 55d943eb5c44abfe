"""The API as a system uses it: real keys, real cases, PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from diagnostics.models import ApiClient, Case
from diagnostics.services.api_keys import Scope, make_client, make_key
from diagnostics.services.audit import Actor
from diagnostics.services.canned import play
from tests.diagnostics.taking import claim_group

ACTOR = Actor("command", "tests")
CASE = {"company": "ACME-1", "address": "anna@example.org", "article": "verification"}
CANNED = CASE | {"address": "anna@mailbox-full.test"}
_numbers = count(1)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Collecting what Schemathesis makes of the document takes as long as all other tests, in each process."""
    return collection_path.name == "test_schema.py" and "not slow" in config.option.markexpr or None


class Api:
    """One client's way to the API, with a key of its own."""

    def __init__(self, client: ApiClient, scopes: Iterable[Scope] = Scope) -> None:
        self.client = client
        self.key = make_key(client, scopes=scopes, actor=ACTOR)[1]
        self.browser = Client(raise_request_exception=False)

    def get(self, path: str, **headers: str) -> Any:
        return self.browser.get(_full(path), headers=self._headers(headers))

    def post(self, path: str, body: Any = None, *, idempotency_key: str | None = "", **headers: str) -> Any:
        key = f"test-{next(_numbers)}" if idempotency_key == "" else idempotency_key
        said = {"Idempotency-Key": key} if key is not None else {}
        content = body if isinstance(body, bytes | str) else b"" if body is None else json.dumps(body)
        return self.browser.post(
            _full(path), content, content_type="application/json", headers=self._headers(said | headers)
        )

    def delete(self, path: str) -> Any:
        return self.browser.delete(_full(path), headers=self._headers({}))

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Authorization": f"Bearer {self.key}"} | named


MakeApi = Callable[..., Api]


@pytest.fixture
def make_api(db: None) -> MakeApi:
    def make(*scopes: Scope, vendor: str = "", is_test: bool = False) -> Api:
        client = make_client(name=f"client {next(_numbers)}", vendor=vendor, is_test=is_test, actor=ACTOR)
        return Api(client, scopes or Scope)

    return make


@pytest.fixture
def api(make_api: MakeApi) -> Api:
    """A client with every scope, for all vendors."""
    return make_api()


@pytest.fixture
def testing(make_api: MakeApi) -> Api:
    """A client with a test key that has every scope."""
    return make_api(is_test=True)


def opened(api: Api, body: dict[str, Any] = CASE) -> Case:
    response = api.post("/cases", body)
    assert response.status_code == 201, response.content
    return Case.objects.get(reference=response.json()["reference"])


def finish(case: Case) -> None:
    """What a worker does with a case of a test key."""
    for group in case.runs.order_by("-number")[0].groups.order_by("pk"):
        claim = claim_group(group.pk)
        assert claim is not None
        assert play(claim)


def problem_of(response: Any) -> str:
    """The slug of the problem, after a look at the document's form."""
    assert response.headers["Content-Type"] == "application/problem+json", response.content[:300]
    document = response.json()
    assert document["status"] == response.status_code
    assert document["title"]
    assert document["detail"]
    return document["type"].partition("#problem-")[2]


def _full(path: str) -> str:
    return path if path.startswith(("/api", "http")) else f"/api/v1{path}"
