"""Sign-in by an identity provider, a real one on loopback."""

import logging
import re
import urllib.request
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client

from diagnostics.models import AuditEntry
from portal.accounts import people
from portal.accounts.roles_claim import roles_in
from portal.roles import Role
from tests.agents import PASSWORD, make_agent, totp_code
from tests.openid import OpenIdProvider, open_id_provider, settings_for

pytestmark = pytest.mark.django_db
START, CALLBACK = "/console/sign-in/sso/start/", "/console/sign-in/sso/callback/"
ROLES = {"support": "agent", "support-leads": "lead"}


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:
        return None


@pytest.fixture
def provider(settings) -> Iterator[OpenIdProvider]:
    with open_id_provider() as running:
        for name, value in settings_for(running).items():
            setattr(settings, name, value)
        yield running


@pytest.fixture
def with_roles(settings, provider: OpenIdProvider) -> OpenIdProvider:
    settings.OIDC_ROLES_CLAIM, settings.OIDC_ROLES = "groups", ROLES
    return provider


def set_out(client: Client, target: str = "") -> str:
    """Press the button; the address of the provider that the page leads to."""
    response = client.post(START, {"next": target})
    assert response.status_code == 200, response.content.decode()
    return response.context["url"]


def at_provider(url: str) -> str:
    """What the browser does there: where it is sent back to."""
    opener = urllib.request.build_opener(NoRedirect)
    with pytest.raises(HTTPError) as redirected:
        opener.open(url, timeout=10)
    back = urlsplit(redirected.value.headers["Location"])
    assert back.path == CALLBACK
    return f"{back.path}?{back.query}"


def come_by(client: Client, target: str = ""):
    return client.get(at_provider(set_out(client, target)))


def test_the_provider_lets_in_whom_it_knows(client: Client, with_roles: OpenIdProvider) -> None:
    with_roles.claims["groups"] = ["support", "canteen"]
    response = come_by(client, "/console/?q=acme")
    assert (response.status_code, response["Location"]) == (302, "/console/?q=acme")
    assert client.get("/console/").status_code == 200
    user = User.objects.get()
    assert (user.username, user.email, user.has_usable_password()) == ("anna", "", False)
    assert people.roles_of(user) == {"agent"}
    entries = AuditEntry.objects.order_by("pk").values_list("actor_kind", "actor", "action")
    assert list(entries) == [
        ("system", "provider", "agent.changed"),
        ("system", "provider", "agent.changed"),
        ("agent", "anna", "agent.signed-in"),
    ]


def test_roles_are_what_the_provider_says_each_time(client: Client, with_roles: OpenIdProvider) -> None:
    with_roles.claims["groups"] = ["support-leads"]
    come_by(client)
    with_roles.claims["groups"] = ["support"]
    come_by(Client())
    assert people.roles_of(User.objects.get()) == {"agent"}
    del with_roles.claims["groups"]
    browser = Client()
    come_by(browser)
    assert people.roles_of(User.objects.get()) == set()
    assert browser.get("/console/").status_code == 403


def test_roles_given_here_stay_where_the_provider_names_none(client: Client, provider: OpenIdProvider) -> None:
    come_by(client)
    page = client.get("/console/")
    assert page.status_code == 403
    assert "may not use the console" in page.content.decode()
    people.set_roles(User.objects.get(), [Role.AGENT], people.COMMAND)
    come_by(client)
    assert client.get("/console/").status_code == 200


def test_a_second_factor_is_the_providers_business(client: Client, provider: OpenIdProvider) -> None:
    come_by(client)
    assert "asks for your second factor" in client.get("/console/account/").content.decode()


def test_a_name_that_is_taken_opens_nobody_elses_account(client: Client, provider: OpenIdProvider) -> None:
    local = make_agent("anna", Role.ADMIN)
    provider.claims["email"] = "anna@example.org"
    come_by(client)
    assert int(client.session["_auth_user_id"]) != local.pk
    assert client.get("/console/").status_code == 403
    assert User.objects.exclude(pk=local.pk).get().username != "anna"


@pytest.mark.parametrize("name", [None, "", "<script>", "a b", "x" * 300, 7], ids=str)
def test_an_odd_name_is_replaced(client: Client, provider: OpenIdProvider, name: object) -> None:
    provider.claims["preferred_username"] = name
    assert come_by(client).status_code == 302
    assert re.fullmatch(r"[\w.@+-]{1,150}", User.objects.get().username)


def test_whoever_was_switched_off_stays_out(client: Client, provider: OpenIdProvider) -> None:
    come_by(client)
    User.objects.update(is_active=False)
    response = come_by(Client())
    assert response.status_code == 403
    assert "switched off" in response.content.decode()


FAULTS = [
    "strange key",
    "unknown key",
    "no keys",
    "unsigned",
    "signed with the secret",
    "no ID token",
    "other userinfo",
]
SPOILT = {
    "other client": {"aud": "another"},
    "other issuer": {"iss": "https://login.example.net"},
    "old": {"exp": 1},
    "not yet": {"nbf": 9_999_999_999},
    "nobody": {"sub": None},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_answer_that_does_not_hold_lets_nobody_in(
    client: Client, provider: OpenIdProvider, fault: str, caplog
) -> None:
    provider.fault = fault
    with caplog.at_level(logging.WARNING):
        refused(client, come_by(client))
    assert "subject-1" not in caplog.text
    assert "anna" not in caplog.text


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_token_that_is_not_for_us_lets_nobody_in(client: Client, provider: OpenIdProvider, spoil) -> None:
    provider.spoil = spoil
    refused(client, come_by(client))


@pytest.mark.parametrize("fault", ["down", "no JSON", "other issuer", "no endpoints"])
def test_a_provider_that_does_not_answer_is_said_to(client: Client, provider: OpenIdProvider, fault: str) -> None:
    provider.fault = fault
    response = client.post(START)
    assert response.status_code == 502
    assert "You are not signed in" in response.content.decode()


def test_a_provider_that_is_gone_is_said_to(client: Client, settings, provider: OpenIdProvider) -> None:
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = "http://127.0.0.1:9"
    assert client.post(START).status_code == 502


def test_who_changes_their_mind_is_told_so(client: Client, provider: OpenIdProvider) -> None:
    provider.fault = "cancelled"
    response = come_by(client)
    refused(client, response)
    assert "stopped there" in response.content.decode()


@pytest.mark.parametrize("query", ["", "?code=x", "?code=x&state=y", "?error=x", "?state="])
def test_nobody_comes_back_who_was_not_sent(client: Client, provider: OpenIdProvider, query: str) -> None:
    refused(client, client.get(f"{CALLBACK}{query}"))
    assert provider.visits == []


def test_an_answer_counts_once_and_in_its_own_browser(client: Client, provider: OpenIdProvider) -> None:
    back = at_provider(set_out(client))
    other = Client()
    refused(other, other.get(back))
    assert client.get(back).status_code == 302
    assert client.get(back).status_code == 403


def test_only_a_button_leads_there(client: Client, provider: OpenIdProvider) -> None:
    assert client.get(START).status_code == 405
    assert provider.visits == []


def test_it_is_asked_for_a_code_with_proof(client: Client, provider: OpenIdProvider) -> None:
    asked = parse_qs(urlsplit(set_out(client)).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert set(asked["scope"][0].split()) == {"openid", "profile", "email"}


@pytest.mark.parametrize("target", ["https://example.net/", "//example.net/"])
def test_nobody_is_sent_to_another_site_afterwards(client: Client, provider: OpenIdProvider, target: str) -> None:
    assert come_by(client, target)["Location"] == "/console/"


def test_passwords_and_passkeys_are_off_then(client: Client, provider: OpenIdProvider) -> None:
    agent = make_agent()
    page = client.get("/console/sign-in/").content.decode()
    assert "Continue with Example SSO" in page
    assert 'type="password"' not in page
    assert client.post("/console/sign-in/", {"username": agent.username, "password": PASSWORD}).status_code == 403
    assert client.post("/console/sign-in/passkey/", {"credential": "{}"}).status_code == 404
    assert client.get(urlsplit(people.password_link(agent, people.COMMAND)).path).status_code == 404


def test_both_ways_may_be_open(client: Client, settings, provider: OpenIdProvider) -> None:
    settings.LOCAL_SIGN_IN = True
    agent = make_agent()
    assert client.post("/console/sign-in/", {"username": agent.username, "password": PASSWORD}).status_code == 302
    assert client.post("/console/sign-in/second-factor/", {"code": totp_code(agent)})["Location"] == "/console/"


def test_without_a_provider_there_is_no_way_to_one(client: Client) -> None:
    assert client.post(START).status_code == 404
    assert client.get(f"{CALLBACK}?code=x&state=y").status_code == 404


def refused(client: Client, response) -> None:
    assert response.status_code == 403
    assert "You are not signed in" in response.content.decode()
    assert "_auth_user_id" not in client.session
    assert not User.objects.exists()
    assert AuditEntry.objects.filter(action="agent.sign-in-refused").exists()


@pytest.mark.parametrize(
    ("document", "claim", "roles"),
    [
        ({"userinfo": {"groups": ["support"]}}, "groups", {"agent"}),
        ({"id_token": {"groups": ["support", "support-leads"]}}, "groups", {"agent", "lead"}),
        ({"userinfo": {"groups": "support"}}, "groups", {"agent"}),
        ({"id_token": {"realm_access": {"roles": ["support"]}}}, "realm_access.roles", {"agent"}),
        ({"id_token": {"https://example.org/roles": ["support"]}}, "https://example.org/roles", {"agent"}),
        ({"userinfo": {"groups": ["canteen"]}}, "groups", set()),
        ({"userinfo": {"groups": {"support": True}}}, "groups", set()),
        ({"userinfo": {"groups": [["support"], None, 1]}}, "groups", set()),
        ({"userinfo": {"realm_access": "support"}}, "realm_access.roles", set()),
        ({"userinfo": None}, "groups", set()),
        ({}, "groups", set()),
    ],
    ids=["list", "ID token", "word", "dots", "URL", "unknown", "object", "odd values", "no object", "null", "nothing"],
)
def test_roles_are_read_from_a_claim(document, claim: str, roles: set[str]) -> None:
    assert roles_in(document, claim, ROLES) == roles
