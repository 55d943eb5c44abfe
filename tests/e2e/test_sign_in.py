"""Agents sign in, in a real browser, to a live server: app, passkey, first sign-in, identity provider, admin site."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from portal.accounts import people
from portal.roles import Role
from tests.agents import PASSWORD, make_agent, totp_code
from tests.e2e.conftest import DESKTOP, PHONE, Accessible, Picture
from tests.openid import open_id_provider, settings_for

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module", autouse=True)
def _database_beside_playwright() -> Iterator[None]:
    """Playwright's event loop lies idle in this thread while the test asks the database; Django cannot know that."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(browser: Browser, live_server) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server.url, viewport={"width": DESKTOP, "height": 900})
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def plain(browser: Browser, live_server) -> Iterator[Page]:
    """Without JavaScript."""
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


def give_password(page: Page, name: str, path: str = "/console/") -> None:
    page.goto(path)
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def give_code(page: Page, code: str) -> None:
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()


def add_virtual_passkeys(page: Page) -> None:
    """A device that keeps passkeys and recognises its owner."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


@pytest.mark.parametrize("scripted", [True, False], ids=["scripted", "plain"])
def test_an_agent_signs_in_with_password_and_code(
    page: Page, plain: Page, scripted: bool, accessible: Accessible, picture: Picture
) -> None:
    agent = make_agent()
    visitor = page if scripted else plain
    give_password(visitor, agent.username, "/console/?q=acme")
    if scripted:
        accessible(visitor)
        visitor.set_viewport_size({"width": PHONE, "height": 800})
        accessible(visitor)
        picture(visitor, "agent-second-factor-360")
    give_code(visitor, "000000")
    expect(visitor.get_by_role("alert")).to_contain_text("This code is not right")
    give_code(visitor, totp_code(agent))
    expect(visitor).to_have_url(re.compile(r"/console/\?q=acme$"))
    visitor.get_by_role("button", name="Sign out").click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Sign in to the console")


def test_a_newcomer_sets_up_a_second_factor_first(page: Page, accessible: Accessible, picture: Picture) -> None:
    newcomer = people.create("newcomer", [Role.AGENT], people.COMMAND)
    page.goto(urlsplit(people.password_link(newcomer, people.COMMAND)).path)
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password confirmation").fill(PASSWORD)
    accessible(page)
    page.get_by_role("button", name="Set the password").click()
    give_password(page, "newcomer")
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    picture(page, "agent-enrolment")
    accessible(page)
    page.goto("/console/?q=acme")
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_role("button", name="Set up an app").click()
    accessible(page)
    picture(page, "agent-app")
    secret = page.locator("#totp-key").inner_text().strip()
    page.get_by_label("Code from the app").fill(
        format_hotp_value(hotp_value(secret, int(timezone.now().timestamp()) // 30))
    )
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    accessible(page)
    picture(page, "agent-recovery-codes")
    codes = page.locator("#recovery-codes").inner_text().split()
    assert len(codes) == 10
    page.get_by_role("button", name="go on to the console").click()
    expect(page).to_have_url(re.compile(r"/console/$"))
    page.get_by_role("button", name="Sign out").click()
    give_password(page, "newcomer")
    give_code(page, codes[3])
    expect(page).to_have_url(re.compile(r"/console/$"))


def test_a_passkey_is_added_and_signs_in_alone(page: Page, accessible: Accessible, picture: Picture) -> None:
    make_agent("newcomer", second_factor=False)
    add_virtual_passkeys(page)
    give_password(page, "newcomer")
    page.get_by_role("button", name="Add a passkey").click()
    accessible(page)
    page.get_by_label("Name").fill("Laptop <b>")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    page.goto("/console/account/")
    expect(page.get_by_text("Laptop <b>")).to_be_visible()
    accessible(page)
    picture(page, "agent-account")
    page.get_by_role("button", name="Sign out").click()

    page.goto("/console/?q=acme")
    accessible(page)
    picture(page, "agent-sign-in")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile(r"/console/\?q=acme$"))
    page.get_by_role("button", name="Sign out").click()

    give_password(page, "newcomer")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile(r"/console/$"))
    page.goto("/console/account/")
    page.get_by_role("link", name="Rename Laptop").click()
    page.get_by_label("Name").fill("Key")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Remove Key").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("heading", name="One more step").or_(page.get_by_text("removed")).first).to_be_visible()
    assert not Authenticator.objects.exists()
    page.goto("/console/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")


def test_a_device_without_a_passkey_is_told_the_other_way(page: Page) -> None:
    page.goto("/console/sign-in/")
    page.evaluate(
        "() => { navigator.credentials.get = async () => { throw new DOMException('no', 'NotAllowedError'); }; }"
    )
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_have_text("No passkey was used. Try again, or take another way.")


@pytest.mark.parametrize("scripted", [True, False], ids=["scripted", "plain"])
def test_the_identity_provider_lets_an_agent_in(
    page: Page, plain: Page, scripted: bool, settings, accessible: Accessible, picture: Picture
) -> None:
    visitor = page if scripted else plain
    with open_id_provider() as provider:
        for name, value in settings_for(provider, roles={"support": "agent"}).items():
            setattr(settings, name, value)
        provider.claims["groups"] = ["support"]
        visitor.goto("/console/?q=acme")
        if scripted:
            accessible(visitor)
            picture(visitor, "agent-sign-in-provider")
        visitor.get_by_role("button", name="Continue with Example SSO").click()
        expect(visitor).to_have_url(re.compile(r"/console/\?q=acme$"))
        expect(visitor.get_by_role("link", name="anna")).to_be_visible()
        provider.claims["groups"] = []
        visitor.get_by_role("button", name="Sign out").click()
        visitor.get_by_role("button", name="Continue with Example SSO").click()
        expect(visitor.get_by_role("heading", level=1)).to_have_text("This account may not use the console")


def test_the_session_warns_before_it_ends_and_lets_stay(
    page: Page, settings, accessible: Accessible, picture: Picture
) -> None:
    agent = make_agent()
    settings.SESSION_IDLE_SECONDS = 290  # within the last five minutes from the start
    give_password(page, agent.username)
    give_code(page, totp_code(agent))
    warning = page.locator("#session-end")
    expect(warning).to_contain_text("You will be signed out in less than 5 minutes")
    picture(page, "agent-session-warning")
    accessible(page)
    settings.SESSION_IDLE_SECONDS = 1800
    warning.get_by_role("button", name="Stay signed in").click()
    expect(warning).to_be_hidden()
    settings.SESSION_IDLE_SECONDS = 0
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(warning).to_contain_text("You are signed out")
    expect(warning.get_by_role("link", name="Sign in again")).to_be_visible()


def test_the_end_that_nothing_puts_off_is_told_too(
    page: Page, settings, accessible: Accessible, picture: Picture
) -> None:
    agent = make_agent()
    settings.SESSION_COOKIE_AGE = 290
    page.set_viewport_size({"width": PHONE, "height": 900})
    give_password(page, agent.username)
    give_code(page, totp_code(agent))
    warning = page.locator("#session-end")
    expect(warning).to_contain_text("Your 8 hours end in less than 5 minutes")
    picture(page, "agent-session-last-warning-phone")
    accessible(page)
    expect(warning.get_by_role("button", name="Stay signed in")).to_be_hidden()
    expect(warning.get_by_role("link", name="Sign in again")).to_be_hidden()  # it would lead back to this page
    settings.SESSION_COOKIE_AGE = 0
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(warning).to_contain_text("You are signed out")
    with page.context.expect_page() as opened:
        warning.get_by_role("link", name="Sign in again").click()
    expect(opened.value.get_by_label("Password", exact=True)).to_be_visible()


def test_the_admin_site_keeps_the_content_security_policy(page: Page, picture: Picture) -> None:
    boss, agent = make_agent("boss", Role.ADMIN), make_agent()
    give_password(page, "boss", "/admin/")
    give_code(page, totp_code(boss))
    expect(page.get_by_role("heading", name="Accounts").first).to_be_visible()
    page.goto("/admin/auth/user/")
    picture(page, "admin-accounts")
    page.locator(f"tr:has-text('{agent.username}') input[type=checkbox]").check()
    page.get_by_label("Action:").select_option("reset")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_text("Second factor of 1 account reset.")).to_be_visible()
    page.get_by_role("link", name=agent.username).click()
    page.get_by_label("lead").check()
    picture(page, "admin-account")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    page.goto("/admin/auth/user/add/")
    page.get_by_label("Username").fill("newcomer")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Link to set the password of newcomer")).to_be_visible()
    picture(page, "admin-new-account")
    assert people.roles_of(User.objects.get(username=agent.username)) == {"agent", "lead"}
    page.get_by_role("button", name=re.compile("log out", re.IGNORECASE)).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to the console")
