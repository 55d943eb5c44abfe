import pytest
from django.contrib.auth.models import User
from django.test import Client

from portal.console.sign_in import SIGN_IN_BY_NAME, SIGN_IN_BY_NAME_AND_SOURCE, SIGN_IN_BY_SOURCE
from tests.agents import PASSWORD

pytestmark = pytest.mark.django_db
URL = "/console/sign-in/"


def test_an_agent_gets_to_the_page_that_was_asked_for(client: Client, agent: User) -> None:
    response = client.post(f"{URL}?next=/console/%3Fq%3Dacme", {"username": agent.username, "password": PASSWORD})
    assert response.status_code == 302
    assert response["Location"] == "/console/?q=acme"


@pytest.mark.parametrize("target", ["https://example.net/", "//example.net/", "javascript:alert(1)"])
def test_nobody_is_sent_to_another_site(client: Client, agent: User, target: str) -> None:
    response = client.post(URL, {"username": agent.username, "password": PASSWORD, "next": target})
    assert response["Location"] == "/console/"


def test_password_managers_know_the_fields(client: Client) -> None:
    page = client.get(URL).content.decode()
    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page
    assert "onpaste" not in page


def test_a_wrong_password_and_an_unknown_name_read_the_same(client: Client, agent: User) -> None:
    wrong = client.post(URL, {"username": agent.username, "password": "wrong"})
    unknown = client.post(URL, {"username": "nobody-1", "password": "wrong"})
    assert wrong.status_code == unknown.status_code == 200
    assert wrong.context["form"].non_field_errors() == unknown.context["form"].non_field_errors()


def test_guessing_one_name_is_stopped_even_with_the_right_password(client: Client, agent: User) -> None:
    for attempt in range(SIGN_IN_BY_NAME.count):
        # The same name in other spellings, from other networks.
        name = agent.username.upper() if attempt % 2 else agent.username
        client.post(URL, {"username": name, "password": "wrong"}, REMOTE_ADDR=f"192.0.2.{attempt}")
    response = client.post(URL, {"username": agent.username, "password": PASSWORD}, REMOTE_ADDR="198.51.100.1")
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= SIGN_IN_BY_NAME.period.total_seconds()
    assert "wait" in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_a_stranger_elsewhere_does_not_lock_an_agent_out(client: Client, agent: User) -> None:
    for _ in range(SIGN_IN_BY_NAME_AND_SOURCE.count):
        client.post(URL, {"username": agent.username, "password": "wrong"}, REMOTE_ADDR="192.0.2.66")
    right = {"username": agent.username, "password": PASSWORD}
    assert client.post(URL, right, REMOTE_ADDR="192.0.2.66").status_code == 429
    assert client.post(URL, right, REMOTE_ADDR="198.51.100.1").status_code == 302


def test_guessing_many_names_from_one_network_is_stopped(client: Client, agent: User) -> None:
    for attempt in range(SIGN_IN_BY_SOURCE.count):
        client.post(URL, {"username": f"name-{attempt}", "password": "wrong"})
    assert client.post(URL, {"username": agent.username, "password": PASSWORD}).status_code == 429
    elsewhere = client.post(URL, {"username": agent.username, "password": PASSWORD}, REMOTE_ADDR="198.51.100.1")
    assert elsewhere.status_code == 302


@pytest.mark.parametrize("name", ["a\x00b", "a" * 10_000, "", "<script>"], ids=["NUL", "long", "empty", "markup"])
def test_odd_names_are_answered_with_words(client: Client, name: str) -> None:
    response = client.post(URL, {"username": name, "password": "wrong"})
    assert response.status_code == 200
    assert response.context["form"].errors
    assert b"<script>" not in response.content.replace(b"<script src", b"")


def test_signing_out_takes_a_button(console: Client) -> None:
    assert console.get("/console/sign-out/").status_code == 405
    assert console.post("/console/sign-out/").status_code == 302
    assert console.get("/console/").status_code == 302
