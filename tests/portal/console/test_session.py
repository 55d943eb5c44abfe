"""How long an agent's session lasts, and what becomes of what was typed when it is over."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from diagnostics.models import AuditEntry, Case
from tests.agents import PASSWORD, make_agent

IDLE = timedelta(seconds=settings.SESSION_IDLE_SECONDS)
AGE = timedelta(seconds=settings.SESSION_COOKIE_AGE)
Clock = Any
SECOND = timedelta(seconds=1)
POLL = {"HX-Request": "true"}
NOTE = "Asked their IT to look\nat the filter's log."


@pytest.fixture
def clock() -> Iterator[Clock]:
    with time_machine.travel(timezone.now().replace(microsecond=0), tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def session(clock: Clock, client: Client, agent: User) -> Client:
    client.force_login(agent)
    return client


def is_open(browser: Client, path: str = "/console/") -> bool:
    return browser.get(path).status_code == 200


def ends() -> list[object]:
    return [
        detail["reason"]
        for detail in AuditEntry.objects.filter(action="agent.signed-out").values_list("detail", flat=True)
    ]


def test_it_ends_after_half_an_hour_without_use(session: Client, clock: Clock) -> None:
    clock.shift(IDLE - SECOND)
    assert is_open(session)
    clock.shift(IDLE)
    assert not is_open(session)
    assert "_auth_user_id" not in session.session
    assert ends() == ["idle"]


def test_it_ends_after_eight_hours_of_use(session: Client, clock: Clock) -> None:
    for _ in range(AGE // (IDLE / 2) - 1):
        clock.shift(IDLE / 2)
        assert is_open(session)
    clock.shift(IDLE / 2)
    assert not is_open(session)
    assert ends() == ["age"]


def test_what_a_page_asks_for_by_itself_keeps_no_session(session: Client, clock: Clock) -> None:
    for _ in range(5):
        clock.shift(IDLE / 6)
        assert session.get("/console/", headers=POLL).status_code == 200
    clock.shift(IDLE / 6)
    response = session.get("/console/", headers=POLL)
    assert response.status_code == 401
    assert response.content == b""


def test_not_every_page_writes(session: Client, clock: Clock) -> None:
    clock.shift(SECOND)
    session.get("/console/session/")
    before = session.session["active_at"]
    clock.shift(timedelta(seconds=58))
    session.get("/console/session/")
    assert session.session["active_at"] == before
    clock.shift(SECOND)
    session.get("/console/session/")
    assert session.session["active_at"] == before + 60


def test_there_is_a_way_to_stay(session: Client, clock: Clock) -> None:
    assert "/console/session/" in session.get("/console/").content.decode()
    clock.shift(IDLE - SECOND)
    asked = session.get("/console/session/", headers=POLL)
    assert asked.json() == {"seconds": 1, "last": False}
    stayed = session.post("/console/session/", headers=POLL)
    assert stayed.json() == {"seconds": IDLE.total_seconds(), "last": False}
    clock.shift(IDLE - SECOND)
    assert "You stay signed in" in session.post("/console/session/", follow=True).content.decode()


def test_the_last_end_is_said_to_be_that(session: Client, clock: Clock) -> None:
    for _ in range(int(AGE / (IDLE / 2)) - 1):
        clock.shift(IDLE / 2)
        assert is_open(session)
    assert session.get("/console/session/", headers=POLL).json() == {
        "seconds": (IDLE / 2).total_seconds(),
        "last": True,
    }


@pytest.mark.parametrize("how", ["idle", "signed out elsewhere"])
def test_a_text_sent_too_late_is_given_back(session: Client, clock: Clock, worked: Case, how: str) -> None:
    if how == "idle":
        clock.shift(IDLE)
    else:
        session.post("/console/sign-out/")
    page = f"http://testserver/console/cases/{worked.reference}/"
    fields = {"text": NOTE, "password": "a secret pass phrase", "kind": "note"}
    response = session.post(f"/console/cases/{worked.reference}/again/", fields, headers={"Referer": page})
    text = response.content.decode()
    assert response.status_code == 403
    assert "It was not saved" in text
    assert NOTE.replace("'", "&#x27;") in text
    assert "a secret pass phrase" not in text
    assert f"/console/sign-in/?next={page}" in text.replace("%3A", ":")
    assert ("30 minutes without use" in text) == (how == "idle")
    assert worked.runs.count() == 2


def test_a_text_from_a_page_before_the_last_sign_in_is_given_back(agent: User, worked: Case) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(agent)
    response = strict.post(f"/console/cases/{worked.reference}/again/", {"text": NOTE, "csrfmiddlewaretoken": "old"})
    assert response.status_code == 403
    assert NOTE.replace("'", "&#x27;") in response.content.decode()


def test_nobody_is_led_elsewhere_afterwards(client: Client, worked: Case) -> None:
    path = f"/console/cases/{worked.reference}/again/"
    response = client.post(path, {"text": NOTE}, headers={"Referer": "https://example.net/page"})
    assert "example.net" not in response.content.decode()
    assert (
        client.post(path, {}, headers={"Referer": "https://example.net/page"})["Location"]
        == "/console/sign-in/?next=/console/"
    )


def test_a_new_password_ends_all_other_sessions(console: Client, agent: User) -> None:
    other = Client()
    other.force_login(agent)
    new = "four other words entirely"
    assert "Enter the new password again" in console.post("/console/account/password/", {}).content.decode()
    wrong = console.post(
        "/console/account/password/", {"old_password": "x", "new_password1": new, "new_password2": new}
    )
    assert wrong.context["form"].has_error("old_password")
    right = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert console.post("/console/account/password/", right)["Location"] == "/console/account/"
    assert "Your password is changed" in console.get("/console/account/").content.decode()
    assert is_open(console)
    assert not is_open(other)


def test_a_visitor_costs_no_session(client: Client, db: None) -> None:
    response = client.get("/")
    assert settings.SESSION_COOKIE_NAME not in response.cookies


def test_an_account_without_rights_is_told_so(client: Client, db: None) -> None:
    client.force_login(make_agent("somebody", role=None))
    response = client.get("/console/")
    assert response.status_code == 403
    assert "may not use the console" in response.content.decode()
