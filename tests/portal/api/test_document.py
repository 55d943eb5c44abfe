"""The OpenAPI document and the page made from it."""

from __future__ import annotations

import re

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from portal.api.openapi import as_text, document
from portal.management.commands import openapi


def test_the_checked_in_document_is_up_to_date() -> None:
    call_command("openapi", check=True)


def test_a_document_that_is_not_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    file = tmp_path / "openapi.json"
    monkeypatch.setattr(openapi, "FILE", file)
    with pytest.raises(CommandError, match="out of date"):
        call_command("openapi", check=True)
    call_command("openapi")
    call_command("openapi", check=True)
    file.write_text(file.read_text().replace("Cases", "cases"))
    with pytest.raises(CommandError, match="out of date"):
        call_command("openapi", check=True)


def test_the_document_names_no_machine(settings) -> None:
    assert "127.0.0.1" not in as_text()
    assert settings.PORTAL_URL not in as_text()


def test_every_operation_says_what_it_needs_and_how_it_fails() -> None:
    for path, operations in document()["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], path
            assert {"400", "405", "500", "503"} <= set(operation["responses"])
            if operation.get("security"):
                assert {"401", "403", "429"} <= set(operation["responses"])
            if method == "post":
                assert {"409", "413", "415", "422"} <= set(operation["responses"])
                assert any(one["name"] == "Idempotency-Key" and one["required"] for one in operation["parameters"])


@pytest.mark.django_db
def test_the_page_has_every_operation_and_no_dead_link(client: Client) -> None:
    response = client.get("/api/v1/docs")
    page = response.content.decode()
    ids = re.findall(r'id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for target in re.findall(r'href="#([^"]+)"', page):
        assert target in ids
    for operations in document()["paths"].values():
        for operation in operations.values():
            assert operation["operationId"] in ids
    assert "https://cdn" not in page
    assert "<script>" not in page
    assert "'unsafe" not in response.headers["Content-Security-Policy"]


@pytest.mark.django_db
def test_the_document_is_served(client: Client) -> None:
    response = client.get("/api/v1/openapi.json")
    assert response.content.decode() == as_text()
    assert response.json()["openapi"] == "3.1.0"
