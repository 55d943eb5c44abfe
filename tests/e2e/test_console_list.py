"""An agent looks for cases in a real browser: search, filters, chips, pages, and the way back."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from diagnostics.models import Case
from tests.agents import make_agent
from tests.e2e.conftest import DESKTOP, PHONE, Accessible, Picture

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module", autouse=True)
def database_beside_playwright() -> Iterator[None]:
    """Playwright's event loop lies idle in this thread while the test asks the database; Django cannot know that."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def cases(live_server: Any) -> None:
    """Thirty at Microsoft 365, ten at Google; every tenth mailbox is full."""
    Case.objects.bulk_create(
        Case(
            reference=f"CASE{number:04}",
            article="timeclock",
            vendor="timeclock",
            company_id=f"ACME-{number % 4}",
            address=f"anna{number}@example.{'org' if number % 4 else 'net'}",
            domain=f"example.{'org' if number % 4 else 'net'}",
            provider="microsoft-365" if number % 4 else "google-workspace",
            gateway="" if number % 3 else "mimecast",
            state="open" if number % 2 else "resolved",
            verdict="nothing_found" if number % 10 else "cause_found",
            cause="" if number % 10 else "mailbox.full",
            helpdesk="zendesk" if number == 7 else "",
            ticket="4711" if number == 7 else "",
            created_at=datetime(2026, 2, 1, tzinfo=UTC) + timedelta(hours=number),
        )
        for number in range(40)
    )


@pytest.fixture
def open_page(live_server: Any, browser: Browser) -> Iterator[Callable[..., Page]]:
    """A signed-in agent's page."""
    client = Client()
    client.force_login(make_agent())
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    contexts = []

    def begin(width: int = DESKTOP, *, javascript: bool = True) -> Page:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": width, "height": 800}, java_script_enabled=javascript
        )
        contexts.append(context)
        context.set_default_timeout(20_000)
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
        return context.new_page()

    yield begin
    for context in contexts:
        context.close()


@pytest.mark.parametrize(
    ("width", "javascript"), [(PHONE, True), (DESKTOP, True), (PHONE, False)], ids=["phone", "desktop", "phone-plain"]
)
def test_an_agent_finds_cases(
    cases: None,
    open_page: Callable[..., Page],
    accessible: Accessible,
    picture: Picture,
    width: int,
    javascript: bool,
) -> None:
    page = open_page(width, javascript=javascript)
    look = accessible if javascript else lambda page: None  # axe is a script itself
    rows = page.locator(".case-list > li")
    page.goto("/console/")
    expect(rows).to_have_count(25)
    look(page)
    picture(page, f"console-list-{width}{'' if javascript else '-plain'}")

    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Provider").select_option("Microsoft 365")
    page.get_by_label("State").select_option("Open")
    look(page)
    picture(page, f"console-list-filters-{width}{'' if javascript else '-plain'}")
    page.get_by_role("button", name="Apply filters").click()
    expect(page).to_have_url(re.compile(r"/console/\?state=open&provider=microsoft-365$"))
    expect(rows).to_have_count(20)
    look(page)

    page.get_by_role("link", name="State: Open").click()
    expect(page).to_have_url(re.compile(r"/console/\?provider=microsoft-365$"))
    expect(rows).to_have_count(25)
    page.get_by_role("link", name="Older cases").click()
    expect(rows).to_have_count(5)
    expect(page.get_by_role("link", name="Provider: Microsoft 365")).to_be_visible()
    look(page)
    page.get_by_role("link", name="Newest cases").click()
    expect(rows).to_have_count(25)
    page.go_back()
    expect(rows).to_have_count(5)
    page.go_back()
    page.go_back()
    expect(page.get_by_role("link", name="State: Open")).to_be_visible()
    expect(rows).to_have_count(20)

    page.get_by_label("Search").fill("4711")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page).to_have_url(re.compile(r"/console/\?q=4711&state=open&provider=microsoft-365$"))
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("anna7@example.org")
    picture(page, f"console-list-found-{width}{'' if javascript else '-plain'}")
    page.get_by_role("link", name="Remove all").click()
    expect(page).to_have_url(re.compile("/console/$"))


def test_what_cannot_be_asked_for_stays_and_is_explained(
    cases: None, open_page: Callable[..., Page], accessible: Accessible, picture: Picture
) -> None:
    page = open_page(PHONE)
    page.goto("/console/?provider=microsoft-365&since=tomorrow&state=lost")
    expect(page.get_by_text("That is no date. Write it like 2026-01-31.")).to_be_visible()
    expect(page.get_by_label("Opened from")).to_have_value("tomorrow")
    expect(page.get_by_label("State")).to_have_value("lost")
    expect(page.get_by_label("Provider")).to_have_value("microsoft-365")
    accessible(page)
    picture(page, f"console-list-problem-{PHONE}")
    page.get_by_label("Opened from").fill("2026-02-02")
    page.get_by_label("State").select_option("Any")
    page.get_by_role("button", name="Apply filters").click()
    expect(page.locator(".case-list > li")).to_have_count(12)
