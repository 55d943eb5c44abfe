"""An agent's work on a case, in a real browser: compare two runs, write a note, copy the reply, resolve, run again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from diagnostics.domain import Connection, ConnectOutcome, DnsStatus, ProviderKind, SendOutcome
from diagnostics.models import Case, Note
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mx import MxHost, MxRecords
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.services.cases import start_run
from tests.agents import make_agent
from tests.e2e.conftest import DESKTOP, PHONE
from tests.portal.wizard.conftest import finish, opened, sent

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PORT = Connection("clocks.example.org", 59777, ConnectOutcome.FILTERED, "192.0.2.80")
OTHER_PORT = replace(PORT, port=443, outcome=ConnectOutcome.OPEN)
Accessible = Callable[[Page], None]


@pytest.fixture(scope="module", autouse=True)
def _database_beside_playwright() -> Iterator[None]:
    """Playwright's event loop lies idle in this thread while the test asks the database; Django cannot know that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture
def case() -> Case:
    """Mail moved to Mimecast between its two runs, and the test message was refused."""
    case = opened()
    finish(case, MxRecords(DnsStatus.OK, (MxHost(10, "mx.example.org"),)), ServerPorts((PORT, OTHER_PORT)))
    start_run(case, asked_by="agent-one")
    finish(
        case,
        MxRecords(DnsStatus.OK, (MxHost(10, "eu-smtp-inbound-1.mimecast.com"),)),
        MailSystem(gateway="mimecast", kind=ProviderKind.GATEWAY),
        ServerPorts((replace(PORT, outcome=ConnectOutcome.OPEN), OTHER_PORT)),
    )
    sent(case, outcome=SendOutcome.REFUSED, code=552, reply="5.2.2 mailbox full")
    return case


@pytest.fixture
def open_page(live_server: Any, browser: Browser) -> Iterator[Callable[..., Page]]:
    """A signed-in agent's page."""
    client = Client()
    client.force_login(make_agent())
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    contexts = []

    def begin(width: int = DESKTOP) -> Page:
        context = browser.new_context(base_url=live_server.url, viewport={"width": width, "height": 800})
        contexts.append(context)
        context.set_default_timeout(20_000)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
        return context.new_page()

    yield begin
    for context in contexts:
        context.close()


def test_an_agent_works_on_a_case(case: Case, open_page: Callable[..., Page], accessible: Accessible) -> None:
    page = open_page()
    page.goto(f"/console/cases/{case.reference}/")
    accessible(page)

    page.get_by_role("button", name="Compare runs").click()
    expect(page.locator(".sentences")).to_contain_text("MX moved from mx.example.org to Mimecast")
    expect(page.locator(".sentences")).to_contain_text("Port 59777 of clocks.example.org is open now")
    accessible(page)
    page.get_by_role("link", name=f"Case {case.reference}").click()

    page.get_by_label("Write a note").fill("Called them.\nThey empty the mailbox.")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.get_by_text("The note is kept.")).to_be_visible()
    expect(page.get_by_role("heading", name="Note by agent-one")).to_be_visible()
    assert Note.objects.get().text == "Called them.\nThey empty the mailbox."

    page.get_by_role("button", name="Reply text").click()
    accessible(page)
    text = page.get_by_label("The whole reply")
    expect(text).to_have_value(re.compile("Your mailbox is full. We are sure of this."))
    text.fill(text.input_value().replace("Hello,", "Dear customer,"))
    page.get_by_role("button", name="Put in a link for the customer").click()
    expect(text).to_have_value(re.compile(r"^Dear customer,[\s\S]*/c/[\w-]+/"))
    page.get_by_role("button", name="Copy this text").first.click()
    expect(page.locator("#announcements")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == text.input_value().strip()
    page.get_by_role("link", name=f"Case {case.reference}").click()

    page.get_by_text("Mark as resolved").first.click()
    page.get_by_label("Find a cause").fill("mailbox full")
    chosen = page.get_by_label("What was it in the end?")
    expect(chosen).to_have_value("mailbox.full")
    expect(chosen.locator("option", has_text="mx.null")).to_have_count(0)
    accessible(page)
    page.locator("form[action$='/resolve/'] button").click()
    expect(page.get_by_text("The case is resolved.")).to_be_visible()
    assert Case.objects.get().resolutions.get().true_cause == "mailbox.full"

    page.get_by_label("What to run again").select_option("ports")
    page.get_by_role("button", name="Run again").click()
    expect(page.get_by_text("Run 3 is under way: Ports is asked anew")).to_be_visible()
    assert case.runs.count() == 3


def test_it_fits_a_phone(case: Case, open_page: Callable[..., Page], accessible: Accessible) -> None:
    page = open_page(PHONE)
    for path in ("", "diff/", "reply/", "print/"):
        page.goto(f"/console/cases/{case.reference}/{path}")
        accessible(page)


def test_the_print_view_becomes_a_pdf(case: Case, open_page: Callable[..., Page], tmp_path: Path) -> None:
    page = open_page()
    page.goto(f"/console/cases/{case.reference}/print/")
    expect(page.get_by_role("heading", level=1)).to_contain_text(case.reference)
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Print, or save as PDF")).to_be_hidden()
    expect(page.get_by_role("navigation")).to_have_count(0)
    paper = page.pdf(path=tmp_path / "case.pdf", prefer_css_page_size=True)
    assert paper.startswith(b"%PDF-")
    assert (tmp_path / "case.pdf").stat().st_size == len(paper) > 5_000
