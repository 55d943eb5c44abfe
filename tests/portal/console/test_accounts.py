"""Accounts in the hands of an administrator: the admin site, the command, links to set a password."""

import re
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from diagnostics.models import AuditEntry
from portal.accounts import people
from portal.roles import Role
from tests.agents import PASSWORD, make_agent, signed_in

pytestmark = pytest.mark.django_db
LIST = "/admin/auth/user/"


@pytest.fixture
def administrator() -> User:
    return make_agent("boss", Role.ADMIN)


@pytest.fixture
def admin(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def changes() -> list[tuple[str, str]]:
    entries = AuditEntry.objects.filter(action="agent.changed").order_by("pk")
    return [(entry.actor, entry.detail["change"]) for entry in entries]


def act(admin: Client, action: str, *accounts: User) -> str:
    chosen = {"action": action, "_selected_action": [account.pk for account in accounts]}
    return admin.post(LIST, chosen, follow=True).content.decode()


def link_in(text: str) -> str:
    found = re.search(r"/console/account/set-password/[\w-]+/[\w-]+/", text)
    assert found, text
    return found[0]


# --- the door ---


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", LIST, f"{LIST}add/", "/admin/nothing/"])
def test_a_visitor_gets_to_the_one_sign_in_page(client: Client, path: str) -> None:
    response = client.get(path, follow=True)
    assert response.redirect_chain[-1][0].startswith("/console/sign-in/?next=/admin/")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", LIST, f"{LIST}add/"])
def test_other_roles_are_refused(client: Client, role: Role, path: str) -> None:
    client.force_login(make_agent("somebody", role))
    response = client.get(path, follow=True)
    assert response.status_code == 403


def test_passwords_are_not_taken_at_the_admin_site(client: Client, administrator: User) -> None:
    client.post("/admin/login/", {"username": "boss", "password": PASSWORD})
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    "path", ["/admin/", LIST, f"{LIST}add/", "/admin/auth/", "/admin/auth/group/", "/admin/jsi18n/"]
)
def test_an_administrator_sees_the_pages(admin: Client, path: str) -> None:
    assert admin.get(path).status_code == 200


def test_the_admin_sites_buttons_lead_to_our_pages(admin: Client) -> None:
    assert admin.get("/admin/password_change/")["Location"] == "/console/account/password/"
    assert admin.get("/admin/logout/").status_code == 405
    assert admin.post("/admin/logout/")["Location"] == "/console/sign-in/"
    assert admin.get("/console/").status_code == 302


def test_the_list_asks_the_database_equally_often(admin: Client) -> None:
    asked = []
    for more in (2, 30):
        for number in range(more):
            make_agent(f"agent-{more}-{number}")
        with CaptureQueriesContext(connection) as queries:
            assert f"agent-{more}-1" in admin.get(LIST).content.decode()
        asked.append(len(queries))
    assert asked[0] == asked[1]


# --- accounts ---


def test_a_new_account_gets_in_by_its_link_and_sets_up_a_second_factor(admin: Client) -> None:
    text = admin.post(f"{LIST}add/", {"username": "newcomer", "roles": ["agent"]}, follow=True).content.decode()
    link = link_in(text)
    assert link not in admin.get(LIST).content.decode()
    assert changes() == [("boss", "created"), ("boss", "password-link")]
    browser = Client()
    page = browser.get(link, follow=True)
    assert "For the account newcomer" in page.content.decode()
    form = page.redirect_chain[-1][0]
    assert browser.post(form, {"new_password1": "short", "new_password2": "short"}).context["form"].errors
    assert browser.post(form, {"new_password1": PASSWORD, "new_password2": PASSWORD})["Location"] == "/console/sign-in/"
    response = browser.post("/console/sign-in/", {"username": "newcomer", "password": PASSWORD}, follow=True)
    assert "One more step" in response.content.decode()
    assert "does not work any more" in Client().get(link, follow=True).content.decode()


@pytest.mark.parametrize(
    "name", ["", "a b", "boss", "x" * 151, "a\x00b"], ids=["none", "blank", "taken", "long", "NUL"]
)
def test_a_name_that_will_not_do_makes_no_account(admin: Client, name: str) -> None:
    before = User.objects.count()
    response = admin.post(f"{LIST}add/", {"username": name, "roles": ["agent"]})
    assert response.context["adminform"].form.errors["username"]
    assert User.objects.count() == before


def test_roles_are_given_and_taken_on_record(admin: Client, agent: User) -> None:
    change = f"{LIST}{agent.pk}/change/"
    empty = {"authenticator_set-TOTAL_FORMS": 0, "authenticator_set-INITIAL_FORMS": 0}
    admin.post(change, {"is_active": "on", "roles": ["lead", "auditor"], **empty})
    assert people.roles_of(agent) == {"lead", "auditor"}
    admin.post(change, {"is_active": "on", "roles": ["lead", "auditor"], **empty})
    assert changes() == [("boss", "roles")]
    detail = AuditEntry.objects.get(action="agent.changed").detail
    assert detail == {"account": agent.pk, "change": "roles", "roles": "auditor,lead"}
    admin.post(change, {"roles": ["lead", "auditor"], **empty})
    agent.refresh_from_db()
    assert not agent.is_active
    assert agent.username == "agent-one"


def test_nobody_makes_a_superuser_here(admin: Client, agent: User) -> None:
    admin.post(f"{LIST}{agent.pk}/change/", {"is_active": "on", "is_superuser": "on", "roles": ["owner"]})
    agent.refresh_from_db()
    assert not agent.is_superuser
    assert people.roles_of(agent) == {"agent"}


def test_an_administrator_does_not_lock_themselves_out(admin: Client, administrator: User) -> None:
    response = admin.post(f"{LIST}{administrator.pk}/change/", {"roles": ["agent"]})
    assert set(response.context["adminform"].form.errors) == {"is_active", "roles"}
    assert "You cannot switch yourself off" in act(admin, "switch_off", administrator)
    administrator.refresh_from_db()
    assert administrator.is_active
    assert people.roles_of(administrator) == {"admin"}


def test_switching_off_ends_all_sessions(admin: Client, agent: User) -> None:
    browser = Client()
    browser.force_login(agent)
    assert "1 account switched off" in act(admin, "switch_off", agent)
    assert browser.get("/console/").status_code == 302
    act(admin, "switch_on", agent)
    assert changes() == [("boss", "switched-off"), ("boss", "switched-on")]


def test_a_lost_phone_is_helped_with(admin: Client, agent: User) -> None:
    browser = signed_in(Client(), agent)
    assert "1 account reset" in act(admin, "reset", agent)
    assert not Authenticator.objects.filter(user=agent).exists()
    assert browser.get("/console/", follow=True).redirect_chain[-1][0] == "/console/account/"


def test_no_page_shows_what_is_secret(admin: Client, agent: User) -> None:
    text = admin.get(f"{LIST}{agent.pk}/change/").content.decode()
    assert "TOTP" in text
    assert agent.password not in text
    assert Authenticator.objects.get(user=agent).data["secret"] not in text


def test_accounts_are_not_deleted(admin: Client, agent: User) -> None:
    assert admin.get(f"{LIST}{agent.pk}/delete/").status_code == 403
    assert admin.post(f"{LIST}{agent.pk}/delete/", {"post": "yes"}).status_code == 403
    assert "delete_selected" not in admin.get(LIST).content.decode()


@pytest.mark.parametrize(
    "model", ["account/emailaddress", "socialaccount/socialapp", "mfa/authenticator", "sites/site"]
)
def test_the_libraries_tables_are_not_for_editing(admin: Client, model: str) -> None:
    assert admin.get(f"/admin/{model}/").status_code == 404


# --- links to set a password ---


def test_a_link_works_for_a_day(agent: User) -> None:
    link = link_in(people.password_link(agent, people.COMMAND))
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert "does not work any more" in Client().get(link, follow=True).content.decode()


@pytest.mark.parametrize(
    "spoil", [lambda link: link[:-2] + "x/", lambda link: link.replace("set-password/", "set-password/x")]
)
def test_a_spoilt_link_sets_nothing(agent: User, spoil) -> None:
    link = spoil(link_in(people.password_link(agent, people.COMMAND)))
    assert "does not work any more" in Client().get(link, follow=True).content.decode()
    Client().post(link, {"new_password1": "four other words", "new_password2": "four other words"})
    agent.refresh_from_db()
    assert agent.check_password(PASSWORD)


# --- manage.py agent ---


def command(*words: str) -> str:
    out = StringIO()
    call_command("agent", *words, stdout=out)
    return out.getvalue().strip()


def test_the_command_makes_an_account() -> None:
    link = command("create", "newcomer", "--role", "lead", "--role", "auditor")
    assert link.startswith("http")
    assert people.roles_of(User.objects.get(username="newcomer")) == {"lead", "auditor"}
    assert "auditor, lead, no second factor" in command("list")
    assert changes() == [("manage.py agent", "created"), ("manage.py agent", "password-link")]


def test_the_command_changes_accounts(agent: User) -> None:
    assert command("roles", agent.username, "admin") == "done"
    assert people.roles_of(agent) == {"admin"}
    assert command("roles", agent.username, "admin") == "nothing to change"
    assert command("roles", agent.username) == "done"
    assert people.roles_of(agent) == set()
    assert command("reset-second-factor", agent.username) == "done"
    assert command("reset-second-factor", agent.username) == "nothing to change"
    assert command("switch-off", agent.username) == "done"
    assert "switched off" in command("list")
    assert command("switch-on", agent.username) == "done"
    assert command("password-link", agent.username).startswith("http")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["create", "a b"], "valid username"),
        (["create", "agent-one"], "already exists"),
        (["create", "a", "--role", "king"], "invalid choice"),
        (["roles", "agent-one", "king"], "invalid choice"),
        (["switch-off", "nobody"], "no account"),
        (["dismiss", "agent-one"], "invalid choice"),
    ],
)
def test_the_command_says_what_is_wrong(agent: User, words: list[str], complaint: str) -> None:
    with pytest.raises(CommandError, match=complaint):
        command(*words)
    assert changes() == []
