import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from diagnostics.models import AuditEntry, Case
from portal.accounts.guesses import (
    CODE_BY_ACCOUNT,
    CODE_BY_ACCOUNT_AND_DAY,
    SIGN_IN_BY_NAME,
    SIGN_IN_BY_NAME_AND_SOURCE,
    SIGN_IN_BY_SOURCE,
)
from portal.roles import Role
from tests.agents import PASSWORD, TOTP_SECRET, make_agent, signed_in, totp_code

pytestmark = pytest.mark.django_db
URL = "/console/sign-in/"
SECOND = "/console/sign-in/second-factor/"


def audited(action: str) -> list[tuple[str, dict[str, object]]]:
    return list(AuditEntry.objects.filter(action=action).order_by("pk").values_list("actor", "detail"))


def give_password(client: Client, name: str, password: str = PASSWORD, source: str = "192.0.2.9") -> Any:
    return client.post(URL, {"username": name, "password": password}, REMOTE_ADDR=source)


# --- the password ---


def test_an_agent_gets_to_the_page_that_was_asked_for(client: Client, agent: User) -> None:
    response = client.post(f"{URL}?next=/console/%3Fq%3Dacme", {"username": agent.username, "password": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, SECOND)
    response = client.post(SECOND, {"code": totp_code(agent)})
    assert (response.status_code, response["Location"]) == (302, "/console/?q=acme")
    assert client.get("/console/").status_code == 200
    assert audited("agent.signed-in") == [(agent.username, {"by": "second-factor"})]


@pytest.mark.parametrize("target", ["https://example.net/", "//example.net/", "javascript:alert(1)"])
def test_nobody_is_sent_to_another_site(client: Client, agent: User, target: str) -> None:
    client.post(URL, {"username": agent.username, "password": PASSWORD, "next": target})
    assert client.post(SECOND, {"code": totp_code(agent), "next": target})["Location"] == "/console/"


def test_password_managers_know_the_fields(client: Client) -> None:
    page = client.get(URL).content.decode()
    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page
    assert "onpaste" not in page


def test_a_wrong_password_and_an_unknown_name_read_the_same(client: Client, agent: User) -> None:
    wrong = give_password(client, agent.username, "wrong")
    unknown = give_password(client, "nobody-1", "wrong")
    assert wrong.status_code == unknown.status_code == 200
    assert wrong.context["form"].non_field_errors() == unknown.context["form"].non_field_errors()


def test_refusals_are_on_record_with_names_of_accounts_only(client: Client, agent: User) -> None:
    give_password(client, agent.username, "wrong")
    give_password(client, "my secret pass phrase", "wrong")
    assert audited("agent.sign-in-refused") == [(agent.username, {"reason": "password"}), ("", {"reason": "password"})]


def test_an_account_that_is_switched_off_reads_like_a_wrong_password(client: Client, agent: User) -> None:
    User.objects.filter(pk=agent.pk).update(is_active=False)
    response = give_password(client, agent.username)
    assert response.context["form"].has_error("__all__", "invalid_login")


def test_guessing_one_name_is_stopped_even_with_the_right_password(client: Client, agent: User) -> None:
    for attempt in range(SIGN_IN_BY_NAME.count):
        # The same name in other spellings, from other networks.
        name = agent.username.upper() if attempt % 2 else agent.username
        give_password(client, name, "wrong", source=f"192.0.2.{attempt}")
    response = give_password(client, agent.username, source="198.51.100.1")
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= SIGN_IN_BY_NAME.period.total_seconds()
    assert "wait" in response.content.decode()
    assert "account_login" not in client.session


def test_a_stranger_elsewhere_does_not_lock_an_agent_out(client: Client, agent: User) -> None:
    for _ in range(SIGN_IN_BY_NAME_AND_SOURCE.count):
        give_password(client, agent.username, "wrong", source="192.0.2.66")
    assert give_password(client, agent.username, source="192.0.2.66").status_code == 429
    assert give_password(client, agent.username, source="198.51.100.1").status_code == 302


def test_guessing_many_names_from_one_network_is_stopped(client: Client, agent: User) -> None:
    for attempt in range(SIGN_IN_BY_SOURCE.count):
        give_password(client, f"name-{attempt}", "wrong")
    assert give_password(client, agent.username).status_code == 429
    assert give_password(client, agent.username, source="198.51.100.1").status_code == 302


@pytest.mark.parametrize("name", ["a\x00b", "a" * 10_000, "", "<script>"], ids=["NUL", "long", "empty", "markup"])
def test_odd_names_are_answered_with_words(client: Client, name: str) -> None:
    response = give_password(client, name, "wrong")
    assert response.status_code == 200
    assert response.context["form"].errors
    assert b"<script>" not in response.content.replace(b"<script src", b"")


# --- the second factor ---

ANSWERS: list[dict[str, object]] = [
    {},
    {"userHandle": None},
    {"userHandle": "MQ"},
    {"userHandle": "MQ", "clientDataJSON": "e30", "authenticatorData": "AAAA", "signature": "AAAA"},
    {"userHandle": "!!", "clientDataJSON": "!!", "authenticatorData": "é", "signature": "AAAA"},
    {"userHandle": "MQ", "clientDataJSON": {"a": 1}, "authenticatorData": [], "signature": None},
]
"""What a passkey might say that is none."""


def test_a_password_alone_opens_nothing(client: Client, agent: User) -> None:
    give_password(client, agent.username)
    assert client.get("/console/")["Location"].startswith(URL)
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("code", ["000000", "", "a\x00b", "１２３４５６", "9" * 41, "<b>"])
def test_a_wrong_code_is_answered_with_words(client: Client, agent: User, code: str) -> None:
    give_password(client, agent.username)
    response = client.post(SECOND, {"code": code})
    assert response.status_code == 200
    assert "There is a problem" in response.content.decode()
    assert "<b>" not in response.content.decode().replace("<b>?", "")
    assert client.get("/console/").status_code == 302


def test_a_wrong_code_is_on_record(client: Client, agent: User) -> None:
    give_password(client, agent.username)
    client.post(SECOND, {"code": "000000"})
    assert audited("agent.sign-in-refused") == [(agent.username, {"reason": "wrong-totp"})]


def test_a_code_is_good_only_once(client: Client, agent: User) -> None:
    code = totp_code(agent)
    for browser, status in ((client, 302), (Client(), 200)):
        give_password(browser, agent.username)
        assert browser.post(SECOND, {"code": f" {code[:3]} {code[3:]} "}).status_code == status


def test_guessing_codes_is_stopped_even_with_the_right_one(client: Client, agent: User) -> None:
    give_password(client, agent.username)
    for _ in range(CODE_BY_ACCOUNT.count):
        client.post(SECOND, {"code": "000000"})
    response = client.post(SECOND, {"code": totp_code(agent)})
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= CODE_BY_ACCOUNT.period.total_seconds()
    assert client.get("/console/").status_code == 302


def test_guessing_codes_slowly_is_stopped_for_the_day(client: Client, agent: User) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        for _ in range(CODE_BY_ACCOUNT_AND_DAY.count // CODE_BY_ACCOUNT.count):
            browser = Client()
            give_password(browser, agent.username)
            for _ in range(CODE_BY_ACCOUNT.count):
                browser.post(SECOND, {"code": "000000"})
            clock.shift(CODE_BY_ACCOUNT.period + timedelta(seconds=1))
        browser = Client()
        give_password(browser, agent.username)
        response = browser.post(SECOND, {"code": totp_code(agent)})
    assert response.status_code == 429
    assert int(response["Retry-After"]) > CODE_BY_ACCOUNT.period.total_seconds()


def test_a_recovery_code_lets_in_once(client: Client, agent: User) -> None:
    codes = RecoveryCodes.activate(agent).generate_codes()
    give_password(client, agent.username)
    assert client.post(SECOND, {"code": codes[0]})["Location"] == "/console/"
    again = Client()
    give_password(again, agent.username)
    assert again.post(SECOND, {"code": codes[0]}).status_code == 200
    assert len(Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()) == len(codes) - 1


def test_the_second_step_without_the_first_leads_to_the_first(client: Client, agent: User) -> None:
    assert client.get(SECOND)["Location"] == URL
    assert client.post(SECOND, {"code": totp_code(agent)})["Location"] == URL


@pytest.mark.parametrize(
    "credential",
    ["", "x", "[]", "1", "null", "{}", '{"id": "a"}', '{"id": 1, "rawId": 2, "type": 3, "response": 4}']
    + [json.dumps({"id": "YQ", "rawId": "YQ", "type": "public-key", "response": response}) for response in ANSWERS],
)
@pytest.mark.parametrize("where", ["alone", "second"])
def test_a_made_up_passkey_is_refused(client: Client, agent: User, where: str, credential: str) -> None:
    if where == "second":
        give_password(client, agent.username)
    else:
        client.get("/console/sign-in/passkey/", headers={"Accept": "application/json"})
    response = client.post(SECOND if where == "second" else "/console/sign-in/passkey/", {"credential": credential})
    assert response.status_code in (200, 302)
    assert "_auth_user_id" not in client.session
    assert client.get("/console/").status_code == 302


def test_guessing_passkeys_is_stopped(client: Client) -> None:
    for _ in range(SIGN_IN_BY_SOURCE.count):
        client.post("/console/sign-in/passkey/", {"credential": '{"id": "a"}'})
    response = client.post("/console/sign-in/passkey/", {"credential": '{"id": "a"}'})
    assert response.status_code == 429
    assert response["Retry-After"]


# --- an account that has none yet ---

REACHABLE = ["/console/account/", "/console/account/app/add/", "/console/account/passkeys/add/"]
CLOSED = [
    "/console/",
    "/console/cases/AAAAAAAA/",
    "/console/account/password/",
    "/console/account/recovery-codes/",
    "/console/account/recovery-codes/new/",
    "/admin/",
    "/admin/auth/user/",
]


@pytest.fixture
def fresh(client: Client, db: None) -> Client:
    """The browser of an administrator with a password and nothing else, signed in."""
    make_agent("fresh", Role.ADMIN, second_factor=False)
    assert give_password(client, "fresh").status_code == 302
    return client


@pytest.mark.parametrize("path", REACHABLE)
def test_without_a_second_factor_the_way_to_one_is_open(fresh: Client, path: str) -> None:
    response = fresh.get(path)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert response.context["rights"] == frozenset()


@pytest.mark.parametrize("path", CLOSED)
def test_without_a_second_factor_nothing_else_is(fresh: Client, path: str) -> None:
    response = fresh.get(path, follow=True)
    assert response.redirect_chain[-1][0] == "/console/account/"
    assert "One more step" in response.content.decode()


def test_without_a_second_factor_public_pages_know_nobody(fresh: Client, worked: Case) -> None:
    assert fresh.get(f"/c/{worked.reference}/").status_code == 404


def test_setting_up_an_app_opens_the_console(fresh: Client, django_capture_on_commit_callbacks) -> None:
    page = fresh.get("/console/account/app/add/")
    assert "data:image/svg+xml" in page.content.decode()
    secret = page.context["form"].secret
    assert fresh.post("/console/account/app/add/", {"code": "000000"}).context["form"].errors
    code = format_hotp_value(hotp_value(secret, int(timezone.now().timestamp()) // 30))
    with django_capture_on_commit_callbacks(execute=True):
        response = fresh.post("/console/account/app/add/", {"code": code}, follow=True)
    assert "Your recovery codes" in response.content.decode()
    assert fresh.get("/console/").status_code == 200
    assert secret not in str(Authenticator.objects.values_list("data"))
    changes = [detail for _, detail in audited("agent.changed")]
    account = User.objects.get(username="fresh").pk
    assert {"account": account, "change": "second-factor-added", "kind": "totp"} in changes


def test_another_session_with_the_password_alone_gets_nothing_from_it(fresh: Client) -> None:
    TOTP.activate(User.objects.get(username="fresh"), TOTP_SECRET)
    for path in [*REACHABLE, *CLOSED]:
        assert fresh.get(path, follow=True).redirect_chain[-1][0].startswith(URL), path
    assert fresh.post("/console/account/passkeys/add/", {"credential": "{}"}).status_code == 302


def test_who_loses_the_second_factor_sets_up_a_new_one(console: Client, agent: User) -> None:
    Authenticator.objects.filter(user=agent).delete()
    assert console.get("/console/", follow=True).redirect_chain[-1][0] == "/console/account/"


def test_the_lab_may_go_without(client: Client, settings) -> None:
    settings.REQUIRE_MFA = False
    make_agent("fresh", second_factor=False)
    assert "This is the lab" in client.get(URL).content.decode()
    assert give_password(client, "fresh")["Location"] == "/console/"
    assert client.get("/console/").status_code == 200
    assert audited("agent.signed-in") == [("fresh", {"by": "password"})]


# --- out again ---


def test_signing_out_takes_a_button(console: Client) -> None:
    assert console.get("/console/sign-out/").status_code == 405
    assert console.post("/console/sign-out/").status_code == 302
    assert console.get("/console/").status_code == 302
    assert audited("agent.signed-out") == [("agent-one", {"reason": "asked"})]


def test_a_whole_sign_in_counts_as_confirmed_for_a_while(client: Client, agent: User) -> None:
    signed_in(client, agent)
    with time_machine.travel(timezone.now() + timedelta(minutes=4)):
        assert client.get("/console/account/recovery-codes/new/").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        response = client.get("/console/account/recovery-codes/new/", follow=True)
        assert "Confirm that it is you" in response.content.decode()
        page = response.redirect_chain[-1][0]
        assert client.post(page, {"password": "wrong"}).context["form"].errors
        assert client.post(page, {"password": PASSWORD})["Location"] == "/console/account/recovery-codes/new/"
        assert client.get("/console/account/recovery-codes/new/").status_code == 200


def test_what_may_be_confirmed_is_guessed_in_vain(console: Client) -> None:
    for _ in range(CODE_BY_ACCOUNT.count):
        console.post("/console/account/confirm/password/", {"password": "wrong"})
    response = console.post("/console/account/confirm/password/", {"password": PASSWORD})
    assert response.status_code == 429
    assert response["Retry-After"]
    assert console.post("/console/account/confirm/code/", {"code": "000000"}).status_code == 429
