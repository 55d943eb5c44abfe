"""The console's page of API clients and keys, and the command for machines."""

from __future__ import annotations

import io
import re

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from diagnostics.models import ApiClient, ApiKey, AuditEntry
from diagnostics.services.api_keys import key_of
from portal.roles import Role
from tests.agents import make_agent

PAGE = "/console/settings/api/"


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_agent("admin-one", Role.ADMIN))
    return client


@pytest.fixture
def made(admin: Client) -> ApiClient:
    assert admin.post(PAGE, {"name": "Zendesk app", "vendor": ""}).status_code == 302
    return ApiClient.objects.get()


def new_key(browser: Client, client: ApiClient, **said: object):
    body = {f"client-{client.pk}-scopes": ["case:write", "case:read"]} | said
    return browser.post(f"{PAGE}clients/{client.pk}/keys/", body)


def test_a_client_is_made(admin: Client, made: ApiClient) -> None:
    assert (made.name, made.vendor, made.is_test, made.created_by) == ("Zendesk app", "", False, "admin-one")
    assert "Zendesk app" in admin.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"name": ""}, "Enter a name"),
        ({"name": "Zendesk app"}, "There is a client of that name already"),
        ({"name": "a\u202eb"}, "invisible characters"),
        ({"name": "other", "vendor": "nobody"}, "not one of the available choices"),
    ],
)
def test_a_client_that_cannot_be_made(admin: Client, made: ApiClient, said: dict[str, str], words: str) -> None:
    assert words in admin.post(PAGE, said).content.decode()
    assert ApiClient.objects.count() == 1


def test_a_key_is_shown_once(admin: Client, made: ApiClient) -> None:
    response = new_key(admin, made)
    text = re.search(r"wmc_live_[\w-]{43}", response.content.decode())
    assert text is not None
    assert "no-store" in response.headers["Cache-Control"]
    key = key_of(text[0])
    assert key is not None
    assert key.scopes == ["case:read", "case:write"]
    page = admin.get(PAGE).content.decode()
    assert text[0] not in page
    assert key.prefix in page


def test_keys_are_rotated(admin: Client, made: ApiClient) -> None:
    new_key(admin, made)
    new_key(admin, made)
    assert ApiKey.objects.count() == 2
    assert "Two keys are live" in admin.get(PAGE).content.decode()
    new_key(admin, made)
    assert ApiKey.objects.count() == 2
    old = ApiKey.objects.order_by("pk")[0]
    admin.post(f"{PAGE}keys/{old.pk}/revoke/")
    old.refresh_from_db()
    assert old.revoked_at is not None
    assert new_key(admin, made, **{f"client-{made.pk}-days": "30"}).status_code == 200
    assert ApiKey.objects.order_by("-pk")[0].expires_at is not None


def test_a_key_that_may_do_nothing_is_not_made(admin: Client, made: ApiClient) -> None:
    response = new_key(admin, made, **{f"client-{made.pk}-scopes": []})
    assert "Choose at least one thing" in response.content.decode()
    assert not ApiKey.objects.exists()


def test_every_change_is_audited(admin: Client, made: ApiClient) -> None:
    new_key(admin, made)
    admin.post(f"{PAGE}keys/{ApiKey.objects.get().pk}/revoke/")
    entries = AuditEntry.objects.filter(action="api-client.changed").order_by("pk")
    assert [entry.detail["did"] for entry in entries] == ["client-made", "key-made", "key-revoked"]
    assert {entry.actor for entry in entries} == {"admin-one"}


@pytest.mark.parametrize("role", [Role.AGENT, Role.LEAD, Role.AUDITOR])
def test_only_administrators_manage_keys(client: Client, db: None, role: Role) -> None:
    client.force_login(make_agent(role=role))
    for path in (PAGE, f"{PAGE}clients/1/keys/", f"{PAGE}keys/1/revoke/"):
        response = client.post(path, {"name": "x"})
        assert response.status_code == 403
    assert not ApiClient.objects.exists()


def test_a_get_changes_nothing(admin: Client, made: ApiClient) -> None:
    new_key(admin, made)
    key = ApiKey.objects.get()
    assert admin.get(f"{PAGE}keys/{key.pk}/revoke/").status_code == 405
    assert admin.get(f"{PAGE}clients/{made.pk}/keys/").status_code == 405


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("api_key", *arguments, stdout=out)
    return out.getvalue().strip()


def test_machines_make_list_and_revoke_keys(db: None) -> None:
    text = run("make", "CI", "--test", "--scope", "case:read", "--days", "30")
    key = key_of(text)
    assert key is not None
    assert text.startswith("wmc_test_")
    assert (key.client.name, key.client.is_test, key.scopes) == ("CI", True, ["case:read"])
    assert key.prefix in run("list")
    assert text not in run("list")
    run("revoke", key.prefix)
    assert key_of(text) is None
    assert "ended" in run("list")


@pytest.mark.parametrize(
    "arguments",
    [
        ("make", "CI", "--vendor", "nobody"),
        ("make", "CI", "--days", "0"),
        ("make", " "),
        ("make", "a\nb"),
        ("make", "known", "--test"),
        ("revoke", "wmc_live_nothing"),
    ],
)
def test_what_machines_cannot_have(db: None, arguments: tuple[str, ...]) -> None:
    run("make", "known")
    with pytest.raises(CommandError):
        run(*arguments)


def test_a_third_live_key_is_refused(db: None) -> None:
    run("make", "CI")
    run("make", "CI")
    with pytest.raises(CommandError, match="revoke one first"):
        run("make", "CI")
