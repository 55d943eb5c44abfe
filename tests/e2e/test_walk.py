"""Both articles, walked by a customer in a real browser: with and without JavaScript, on a phone and on a desktop."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect

from diagnostics.articles import articles
from diagnostics.domain import Article
from tests.e2e.conftest import DESKTOP, PHONE, Accessible, Picture, Portal, Visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATIENCE = 30.0
"""Seconds for the slowest case of the lab."""
DIAGNOSED = "main:has(#headline):not(:has(.progress-line))"
"""A case's page whose checks are over."""

VISITORS = pytest.mark.parametrize(
    ("width", "javascript"),
    [(PHONE, True), (PHONE, False), (DESKTOP, True), (DESKTOP, False)],
    ids=["phone", "phone-plain", "desktop", "desktop-plain"],
)


def press(page: Page, name: str | re.Pattern[str]) -> None:
    """Press a button that sends a form, and wait for the page that answers it."""
    with page.expect_event("domcontentloaded"):
        page.get_by_role("button", name=name).click()


def report(page: Page, article: str, address: str, company: str = "ACME-1") -> None:
    page.goto(f"/{article}/")
    page.get_by_label("Company ID").fill(company)
    page.get_by_label("e-mail address").fill(address)
    press(page, "Find my code")


def tried(purpose: str) -> str:
    """The part of a page that tells how a test message went, once nothing more is to be waited for."""
    return f"#message-{purpose}:has(.timeline):not(:has(a:text('Show the latest results')))"


def until(page: Page, done: str) -> None:
    """With JavaScript the page comes to it by itself; without, the customer asks for the latest results."""
    deadline = time.monotonic() + PATIENCE
    while not page.locator(done).count():
        assert time.monotonic() < deadline, page.content()
        latest = page.get_by_role("link", name="Show the latest results")
        if not scripted(page) and latest.count():
            with page.expect_event("domcontentloaded"):
                latest.first.click()
        else:
            page.wait_for_timeout(200)  # between two looks at a page that changes by itself


def scripted(page: Page) -> bool:
    return page.locator("html").evaluate("() => Boolean(window.htmx)")


def type_code_of(portal: Portal, page: Page, address: str, purpose: str) -> None:
    code = re.search(r"\b\d{6}\b", portal.mails(address)[-1])
    assert code
    message = page.locator(f"#message-{purpose}")
    message.get_by_label("code").fill(code[0])
    message.get_by_role("button", name="Send the code").click()


def article(slug: str) -> Article:
    return articles()[slug]


@VISITORS
def test_timeclock_behind_a_gateway(
    portal: Portal, visit: Visit, picture: Picture, accessible: Accessible, width: int, javascript: bool
) -> None:
    page = visit(width=width, javascript=javascript)
    name = f"timeclock-{width}{'' if javascript else '-plain'}"
    address = f"anna-{width}-{javascript}@fine.test".lower()

    def look(step: str) -> None:
        picture(page, f"{name}-{step}")
        if javascript:
            accessible(page)

    page.goto("/")
    look("0-home")
    page.goto("/timeclock/")
    look("1-form")
    report(page, "timeclock", address)
    look("2-checking")
    until(page, DIAGNOSED)
    expect(page.get_by_role("heading", level=1)).to_contain_text("found nothing")
    look("3-case")
    case = page.url
    for number, section in enumerate(article("timeclock").sections, 4):
        page.goto(f"{case}{section.slug}/")
        expect(page.get_by_role("heading", level=1)).to_have_text(section.title)
        look(f"{number}-{section.slug}")

    page.goto(f"{case}folders/")
    press(page, "Send a test message")
    until(page, tried("primary"))
    type_code_of(portal, page, address, "primary")
    expect(page.locator("#message-primary")).to_contain_text("It arrived")
    look("20-arrived")

    page.goto(f"{case}compare/")
    other = f"compare-{width}-{javascript}@insists-on-encryption.test".lower()
    page.locator("input[name=address]").fill(other)
    press(page, "Send the second message")
    until(page, tried("comparison"))
    type_code_of(portal, page, other, "comparison")
    look("21-compared")


@VISITORS
def test_verification_with_a_full_mailbox(
    visit: Visit, picture: Picture, accessible: Accessible, width: int, javascript: bool
) -> None:
    page = visit(width=width, javascript=javascript)
    name = f"verification-{width}{'' if javascript else '-plain'}"
    report(page, "verification", f"anna-{width}-{javascript}@mailbox-full.test".lower())
    until(page, DIAGNOSED)
    case = page.url
    for number, section in enumerate(article("verification").sections, 1):
        page.goto(f"{case}{section.slug}/")
        picture(page, f"{name}-{number}-{section.slug}")
        if javascript:
            accessible(page)
    page.goto(f"{case}spam-folder/")
    press(page, "Send a test message")
    until(page, tried("primary"))
    expect(page.locator("#message-primary samp")).to_contain_text(re.compile("quota|full|space", re.IGNORECASE))
    page.goto(case)
    expect(page.get_by_role("heading", level=1)).to_contain_text("full")
    picture(page, f"{name}-9-full")
    if javascript:
        accessible(page)


@VISITORS
def test_a_typo_is_one_click_from_being_right(visit: Visit, picture: Picture, width: int, javascript: bool) -> None:
    page = visit(width=width, javascript=javascript)
    report(page, "verification", "anna@gmial.com", company="ACME-7")
    expect(page.get_by_text("anna@gmail.com").first).to_be_visible()
    expect(page.get_by_label("Company ID")).to_have_value("ACME-7")
    picture(page, f"typo-{width}{'' if javascript else '-plain'}")
    page.get_by_role("button", name=re.compile("anna@gmail.com")).click()
    expect(page.get_by_role("heading", level=2, name="Your report")).to_be_visible()
    expect(page.locator("dl.summary").last).to_contain_text("anna@gmail.com")


@VISITORS
def test_bad_input_is_explained_and_kept(
    visit: Visit, picture: Picture, accessible: Accessible, width: int, javascript: bool
) -> None:
    page = visit(width=width, javascript=javascript)
    report(page, "timeclock", "anna@[127.0.0.1]", company="ACME-7")
    expect(page).to_have_title(re.compile("^Error:"))
    expect(page.get_by_role("alert").or_(page.locator(".error-summary"))).to_contain_text("There is a problem")
    expect(page.get_by_label("Company ID")).to_have_value("ACME-7")
    expect(page.get_by_label("e-mail address")).to_have_value("anna@[127.0.0.1]")
    picture(page, f"bad-input-{width}{'' if javascript else '-plain'}")
    if javascript:
        accessible(page)
        expect(page.locator(".error-summary")).to_be_focused()


def test_a_case_of_somebody_else_cannot_be_seen(visit: Visit) -> None:
    owner, stranger = visit(), visit()
    report(owner, "timeclock", "anna@null-mx.test")
    answer = stranger.goto(owner.url)
    assert answer
    assert answer.status == 404


def test_the_link_opens_the_case_in_another_browser(visit: Visit, picture: Picture) -> None:
    owner, phone = visit(), visit(width=PHONE)
    report(owner, "timeclock", "anna@null-mx.test", company="ACME-8")
    link = re.search(r"http://\S+/c/[\w-]+/", owner.content())
    assert link
    phone.goto(link[0])
    assert phone.url == owner.url
    expect(phone.get_by_role("heading", level=1)).to_contain_text("null-mx.test")


def test_the_keyboard_alone_is_enough(visit: Visit) -> None:
    page = visit()
    page.goto("/timeclock/")
    page.get_by_label("Company ID").focus()
    page.keyboard.type("ACME-9")
    page.keyboard.press("Tab")
    page.keyboard.type("anna@no-mx.test")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=2, name="Step by step")).to_be_visible()


def test_the_page_for_it_hides_the_address(visit: Visit, picture: Picture, accessible: Accessible) -> None:
    page = visit(width=PHONE)
    report(page, "timeclock", "anna@policy-refused.test")
    until(page, DIAGNOSED)
    page.goto(f"{page.url}mail-server/")
    press(page, re.compile("page for IT", re.IGNORECASE))
    link = re.search(r"http://\S+/it/[\w-]+/", page.content())
    assert link
    reader = visit()
    reader.goto(link[0])
    assert "anna@policy-refused.test" not in reader.content()
    picture(reader, "it-page")
    accessible(reader)


def test_an_agent_finds_the_case_and_its_history(
    portal: Portal, visit: Visit, picture: Picture, accessible: Accessible
) -> None:
    customer, agent = visit(), visit()
    report(customer, "timeclock", "anna@mx-closed.test", company="ACME-CONSOLE")
    until(customer, DIAGNOSED)
    agent.goto("/console/")
    agent.get_by_label("Username").fill("agent")
    agent.get_by_label("Password").fill(portal.agent_password)
    agent.get_by_role("button", name="Sign in").click()
    picture(agent, "console-list")
    accessible(agent)
    agent.get_by_role("searchbox").fill("ACME-CONSOLE")
    agent.get_by_role("button", name="Search").click()
    agent.get_by_role("link", name=customer.url.rstrip("/").rpartition("/")[2]).click()
    expect(agent.locator("main")).to_contain_text("mx-closed.test")
    picture(agent, "console-case")
    accessible(agent)
    agent.set_viewport_size({"width": PHONE, "height": 800})
    picture(agent, "console-case-360")
