"""Beyond what is free: the browser works, in Chromium; or whoever has no script waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.conf import LazySettings
from playwright.sync_api import Browser, Page, Route, expect

from diagnostics.models import Case
from diagnostics.services import limits, proofs
from tests.e2e.conftest import DESKTOP, PHONE, Accessible, Picture

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
START = "/verification/"
BUTTON = "Find my code"
WORKER = "**/altcha/pbkdf2.js"
Open = Callable[..., Page]


@pytest.fixture(scope="module", autouse=True)
def database_beside_playwright() -> Iterator[None]:
    """Playwright's event loop lies idle in this thread while the test asks the database; Django cannot know that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture(autouse=True)
def beyond_what_is_free(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "TRIES", range(20, 40))  # of the real ones, but few: others work beside us
    settings.TRUSTED_PROXY_HOPS = 1
    for network in ("203.0.113.1", "203.0.113.2"):
        limits.take([(limits.OPEN_BY_SOURCE, network)] * (limits.OPEN_BY_SOURCE.soft or 0))


@pytest.fixture
def visit(live_server: Any, browser: Browser) -> Iterator[Open]:
    with ExitStack() as contexts:

        def begin(*, width: int = DESKTOP, javascript: bool = True, source: str = "203.0.113.1") -> Page:
            context = browser.new_context(
                base_url=live_server.url,
                viewport={"width": width, "height": 800},
                java_script_enabled=javascript,
                extra_http_headers={"X-Forwarded-For": source},
            )
            contexts.callback(context.close)
            page = context.new_page()
            page.goto(START)
            page.get_by_label("Company ID").fill("ACME-77")
            page.get_by_label("Administrator’s e-mail address").fill("anna@example.org")
            return page

        yield begin


def test_the_browser_works_and_the_check_starts_by_itself(visit: Open) -> None:
    page = visit(width=PHONE)
    page.get_by_role("button", name=BUTTON).press("Enter")
    page.wait_for_url("**/cases/**", timeout=60_000)
    assert Case.objects.get().company_id == "ACME-77"


def test_whoever_changes_something_meanwhile_sends_it_when_ready(
    visit: Open, picture: Picture, accessible: Accessible, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(proofs, "TRIES", range(100_000, 100_001))  # not solved within this test
        page = visit(width=PHONE)
        page.get_by_role("button", name=BUTTON).click()
        expect(page.get_by_role("region", name="One more step")).to_be_focused()
    working = page.get_by_text("Your device is working on it.")
    expect(working).to_be_visible()
    expect(page.get_by_role("progressbar", name="One more step")).to_be_visible()
    expect(page.get_by_text("Please wait 30 seconds")).to_be_hidden()
    accessible(page)
    picture(page, "proof-working-phone")

    page.get_by_role("button", name=BUTTON).focus()
    page.keyboard.press("Enter")  # held back until the task is solved
    expect(working).to_be_visible()
    assert not Case.objects.exists()
    page.close()  # and its workers with it

    page = visit(source="203.0.113.2")
    held: list[Route] = []
    typed = False
    # It begins when the customer has typed.
    page.route(WORKER, lambda route: route.continue_() if typed else held.append(route))
    page.get_by_role("button", name=BUTTON).click()
    expect(page.get_by_text("Your device is working on it.")).to_be_visible()
    page.get_by_label("Company ID").fill("ACME-78")
    assert held
    typed = True
    for route in held:
        route.continue_()
    expect(page.get_by_text("Done. Press “Find my code” again.")).to_be_visible(timeout=60_000)
    accessible(page)
    picture(page, "proof-done-desktop")
    page.get_by_role("button", name=BUTTON).press("Enter")
    page.wait_for_url("**/cases/**")
    assert Case.objects.get().company_id == "ACME-78"


def test_without_a_script_it_is_half_a_minute(visit: Open, picture: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    page = visit(width=PHONE, javascript=False)
    page.get_by_role("button", name=BUTTON).click()
    expect(page.get_by_text("Please wait 30 seconds, then press “Find my code” again.")).to_be_in_viewport()
    picture(page, "proof-waiting-phone")
    page.get_by_role("button", name=BUTTON).click()
    expect(page.get_by_text("then press the button again; what you typed is still here.")).to_be_visible()
    picture(page, "proof-early-phone")
    monkeypatch.setattr(proofs, "PATIENCE", proofs.PATIENCE * 0)  # the half minute is over
    page.get_by_role("button", name=BUTTON).click()
    page.wait_for_url("**/cases/**")
    assert Case.objects.get().company_id == "ACME-77"
