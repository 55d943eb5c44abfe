"""In a real browser: the macro builder, links whose # only a script reads, and the card in frames, right and wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import LazySettings
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from diagnostics.articles import article
from diagnostics.codec import encode
from diagnostics.domain import Address, Diagnosis, RankedCause, Stage, Strength, Verdict, Who
from diagnostics.models import Case, NoteState, Run, TicketNote
from diagnostics.services.cases import Report, open_case
from diagnostics.services.embeds import mint
from tests.agents import make_agent
from tests.browsing import Complaints
from tests.e2e.conftest import DESKTOP, PHONE, Accessible, Picture

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Page]


@pytest.fixture(scope="module", autouse=True)
def database_beside_playwright() -> Iterator[None]:
    """Playwright's event loop lies idle in this thread while the test asks the database; Django cannot know that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture
def open_page(live_server: Any, browser: Browser, settings: LazySettings) -> Iterator[Open]:
    """A page of a new visitor, or of a signed-in agent."""
    with ExitStack() as contexts:

        def begin(*, agent: bool = False, width: int = DESKTOP, javascript: bool = True) -> Page:
            context = browser.new_context(
                base_url=live_server.url, viewport={"width": width, "height": 800}, java_script_enabled=javascript
            )
            contexts.callback(context.close)
            if agent:
                client = Client()
                client.force_login(make_agent(f"agent-{width}-{javascript}"))
                session = client.cookies[settings.SESSION_COOKIE_NAME].value
                context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
            return context.new_page()

        yield begin


@pytest.fixture
def case() -> Case:
    timeclock = article("timeclock")
    assert timeclock is not None
    report = Report(timeclock, "ACME-1", Address("anna", "example.org"), "192.0.2.1", helpdesk="zendesk", ticket="4711")
    opened = open_case(report)
    cause = RankedCause("mx.null", Strength.PROVES, Stage.ROUTED, (Who.IT,), {"domain": "example.org"})
    Run.objects.filter(case=opened).update(
        full_diagnosis=encode(Diagnosis(verdict=Verdict.CAUSE_FOUND, causes=(cause,), answers=())),
        verdict=Verdict.CAUSE_FOUND,
        cause="mx.null",
        finished_at=datetime.now(UTC),
    )
    return opened


class Host:
    """A helpdesk's page on an origin of its own, with a frame in it."""

    def __init__(self) -> None:
        self.page = ""
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = host.page.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: Any) -> None:
                """Not on standard error."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def hosts(settings: LazySettings) -> Iterator[tuple[Host, Host]]:
    """The helpdesk that the settings name, and somebody else."""
    ours, other = Host(), Host()
    settings.ZENDESK_URL, settings.ZENDESK_EMAIL, settings.ZENDESK_TOKEN = ours.origin, "a@example.org", "key"
    yield ours, other
    for host in (ours, other):
        host.close()


def test_an_agent_builds_a_macro(
    open_page: Open, live_server: Any, settings: LazySettings, picture: Picture, accessible: Accessible
) -> None:
    settings.PORTAL_URL = live_server.url
    page = open_page(agent=True)
    page.goto("/console/")
    page.get_by_role("navigation", name="Console").get_by_role("link", name="Helpdesks").click()
    page.get_by_label("Helpdesk", exact=True).select_option("salesforce")
    page.get_by_label("the same, with company ID").check()
    page.get_by_role("button", name="Show the text").click()
    expect(page.locator("#macro")).to_contain_text("t={!URLENCODE(Case.CaseNumber)}&flow=")
    expect(page.get_by_role("heading", name="Check in your helpdesk")).to_be_visible()
    accessible(page)
    picture(page, "macros-1280")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator('[data-copy="macro"]').click()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#macro").inner_text().strip()
    link = next(line for line in page.locator("#preview").inner_text().splitlines() if line.startswith("http"))

    customer = open_page(width=PHONE)
    asked: list[str] = []
    customer.on("request", lambda request: asked.append(request.url))
    customer.goto(link)
    expect(customer.get_by_label("Administrator’s e-mail address")).to_have_value("anna@example.org")
    expect(customer.get_by_label("Company ID")).to_have_value("COMPANY-1042")
    assert "#" not in customer.url
    assert not any("anna" in url.partition("#")[0] for url in asked)
    customer.get_by_role("button", name="Find my code").click()
    customer.wait_for_url("**/cases/*/")
    opened = Case.objects.get()
    assert (opened.helpdesk, opened.ticket, opened.address) == ("salesforce", "00001026", "anna@example.org")


def test_the_builder_works_without_javascript_and_on_a_phone(open_page: Open, picture: Picture) -> None:
    page = open_page(agent=True, width=PHONE, javascript=False)
    page.goto("/console/settings/helpdesks/")
    page.get_by_label("Helpdesk", exact=True).select_option("jira")
    page.get_by_label("For automations").check()
    page.get_by_role("button", name="Show the text").click()
    expect(page.locator("#macro")).to_contain_text('"ticket": "{{issue.key}}"')
    expect(page.locator("#call-url")).to_contain_text("/hooks/helpdesk/jira/")
    picture(page, "macros-360")


def test_the_choice_of_articles_passes_the_rest_of_the_link_on(
    open_page: Open, picture: Picture, accessible: Accessible
) -> None:
    page = open_page(width=PHONE)
    page.goto("/start?hd=zendesk&t=4711#c=ACME-1&e=anna+clock@example.org")
    accessible(page)
    picture(page, "start-choice-360")
    page.get_by_role("link", name="onboard a timeclock").first.click()
    expect(page.get_by_label("Administrator’s e-mail address")).to_have_value("anna+clock@example.org")
    expect(page.get_by_label("Company ID")).to_have_value("ACME-1")


@pytest.mark.parametrize("said", ["e={{ticket.requester.email}}", "e=" + "a" * 300, "e=a%00b", "x=1", "e="])
def test_what_is_no_address_is_not_filled_in(open_page: Open, said: str) -> None:
    page = open_page()
    page.goto(f"/start?flow=timeclock#{said}")
    expect(page.get_by_label("Administrator’s e-mail address")).to_have_value("")


def test_an_agent_makes_and_revokes_a_link(
    open_page: Open, live_server: Any, settings: LazySettings, case: Case, picture: Picture, accessible: Accessible
) -> None:
    settings.PORTAL_URL = live_server.url
    Case.objects.update(tier=1)
    page = open_page(agent=True)
    page.goto(f"/console/cases/{case.reference}/")
    TicketNote.objects.create(
        case=case, helpdesk="zendesk", ticket="4711", note_id="n", state=NoteState.FAILED, detail="status 422"
    )
    page.reload()
    accessible(page)
    picture(page, "ticket-panel-1280")
    page.get_by_role("button", name="Links for the customer").click()
    page.get_by_role("button", name="Make a link").click()
    link = page.locator("#link-url").inner_text().strip()
    accessible(page)
    picture(page, "links-1280")
    customer, other = open_page(width=PHONE), open_page()
    customer.goto(link)
    customer.get_by_role("button").filter(has_text="Show the results").click()
    customer.wait_for_url(f"**/cases/{case.reference}/")
    other.goto(link)
    other.get_by_role("button").filter(has_text="Show the results").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("This link was opened elsewhere")
    picture(other, "link-used-1280")
    page.goto(f"/console/cases/{case.reference}/links/")
    page.set_viewport_size({"width": PHONE, "height": 800})
    accessible(page)
    picture(page, "links-list-360")
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("status").first).to_contain_text("revoked")
    customer.goto(link)
    expect(customer.get_by_role("heading", level=1)).to_have_text("This link does not work")


def test_the_card_is_shown_by_its_helpdesk_and_by_nobody_else(
    open_page: Open,
    browser: Browser,
    live_server: Any,
    case: Case,
    hosts: tuple[Host, Host],
    settings: LazySettings,
    picture: Picture,
    complaints: Complaints,
) -> None:
    ours, other = hosts
    settings.PORTAL_URL = live_server.url
    token = mint(case, ours.origin)
    for host in hosts:
        frame = f'<iframe id="card" src="{live_server.url}/embed/{token}" width="320" height="480"></iframe>'
        host.page = f"<!doctype html><title>Ticket</title>{frame}"
    page = open_page()
    page.goto(ours.origin)
    card = page.frame_locator("#card")
    expect(card.get_by_text(case.reference)).to_be_visible()
    expect(card.get_by_text("This is proved.")).to_be_visible()
    picture(page, "embed-framed")
    with page.context.expect_page() as console:
        card.get_by_role("link", name="Open in the console").click()
    assert "/console/" in console.value.url
    card.get_by_role("link", name="Reload").click()
    expect(card.get_by_text(case.reference)).to_be_visible()

    stranger = browser.new_context().new_page()
    stranger.goto(other.origin)
    expect(stranger.frame_locator("#card").get_by_text(case.reference)).to_have_count(0)
    complaints.expect("frame-ancestors")
    stranger.context.close()


ZENDESK_PAGE = """<!doctype html><title>Ticket 4711</title>
<iframe name="app" id="app" width="320" height="480"></iframe>
<form id="open" method="post" target="app" action="{action}"><input name="token" value="{token}"></form>
<script>
  window.addEventListener("message", (event) => {{
    const said = JSON.parse(event.data);
    const answer = (message) => event.source.postMessage(JSON.stringify(message), {site});
    if (said.key === "iframe.handshake") answer({{ key: "zaf.app.registered", message: {{}} }});
    if (said.request === "get" && said.params[0] === "ticket.id")
      answer({{ id: said.id, result: {{ "ticket.id": {ticket} }} }});
  }});
  document.getElementById("open").submit();
</script>"""


@pytest.mark.parametrize("ticket", [4711, 99], ids=["with a case", "without one"])
def test_zendesks_sidebar_shows_the_card_of_the_open_ticket(
    open_page: Open, live_server: Any, case: Case, hosts: tuple[Host, Host], settings: LazySettings, ticket: int
) -> None:
    ours, _other = hosts
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    settings.ZENDESK_APP_KEY = public.decode()
    settings.ZENDESK_APP_AUDIENCE = audience = f"{ours.origin}/api/v2/apps/installations/1.json"
    token = jwt.encode({"aud": audience, "exp": datetime.now(UTC) + timedelta(minutes=2)}, key, algorithm="RS256")
    ours.page = ZENDESK_PAGE.format(
        action=f"{live_server.url}/embed/zendesk/?origin=x&app_guid=guid-1",
        token=token,
        site=json.dumps(live_server.url),
        ticket=ticket,
    )
    page = open_page()
    page.goto(ours.origin)
    said = case.reference if ticket == 4711 else "This ticket has no case yet."
    expect(page.frame_locator("#app").get_by_text(said)).to_be_visible()


def test_cards_and_their_ends_fit_a_narrow_frame(
    open_page: Open, live_server: Any, case: Case, hosts: tuple[Host, Host], picture: Picture, accessible: Accessible
) -> None:
    page = open_page(width=320)
    for name, path in (("embed-card-320", f"/embed/{mint(case, hosts[0].origin)}"), ("embed-gone-320", "/embed/x")):
        page.goto(path)
        accessible(page)
        picture(page, name)
