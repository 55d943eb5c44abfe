"""The fleet page in a browser: looked at, narrow and wide, light and dark, and an incident closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Literal

import pytest
from django.conf import settings as site_settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from diagnostics.models import Case, Heartbeat, Incident, OutcomeCount
from diagnostics.services import fleet
from portal.roles import Role
from tests.agents import make_agent

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PROVIDERS = {"microsoft-365": 80, "google-workspace": 50, "gmail": 30, "yahoo": 12, "gmx": 9, "other": 7, "unknown": 3}
CAUSES = ("mx.null", "mailbox.full", "held.by-filter", "address.typo", "policy.refused")


@pytest.fixture(scope="module", autouse=True)
def beside_playwrights_loop() -> Iterator[None]:
    """Playwright keeps an event loop in this thread, in which Django would refuse to ask the database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture
def busy() -> None:
    """Two days of mail and cases, one provider with trouble since ten minutes ago."""
    now = timezone.now().replace(second=0, microsecond=0)
    counts = []
    for hour in range(48):
        at = now - timedelta(hours=hour)
        wave = 1 + (at.hour % 12) / 6
        for value, volume in PROVIDERS.items():
            total = int(volume * wave)
            share = 0.3 if value == "microsoft-365" and hour == 0 else 0.02 + (hour % 7) / 300
            counts.append(("provider", value, at, total, int(total * share)))
        counts.append(("gateway", "mimecast", at, int(20 * wave), 1))
        counts.append(("gateway", "proofpoint", at, int(14 * wave), hour % 2))
        counts.append(("sending_ip", "192.0.2.10", at, int(90 * wave), 3))
        counts.append(("sending_ip", "2001:db8::25", at, int(60 * wave), 2))
        counts.append(("article", "timeclock", at, int(150 * wave), 5))
        counts.append(("all", "", at, int(190 * wave), 5 if hour else 40))
    OutcomeCount.objects.bulk_create(
        OutcomeCount(dimension=dimension, value=value, minute=at, total=total, failed=failed)
        for dimension, value, at, total, failed in counts
    )
    names = [name for name in PROVIDERS if name not in ("other", "unknown")]
    Case.objects.bulk_create(
        Case(
            reference=f"C{number:05}",
            article="timeclock" if number % 3 else "verification",
            vendor="timeclock",
            company_id="ACME-1",
            address=f"anna{number}@example.org",
            domain="example.org",
            created_at=now - timedelta(minutes=7 * number),
            state="open",
            provider=names[number * number % len(names)],
            gateway="mimecast" if number % 4 == 0 else "",
            cause=CAUSES[number % 5 * number % 5],
        )
        for number in range(200)
    )
    Heartbeat.objects.create(name=fleet.HEARTBEAT, at=now)
    Incident.objects.create(
        dimension="provider",
        value="microsoft-365",
        began_at=now - timedelta(minutes=10),
        found_at=now - timedelta(minutes=4),
        usual=0.02,
        share=0.14,
        total=160,
        failed=23,
        cases=23,
    )


@pytest.fixture
def look(browser: Browser, live_server, busy: None) -> Iterator[Callable[..., Page]]:
    """The page as a lead sees it, `width` pixels wide."""
    client = Client()
    client.force_login(make_agent("lead-one", Role.LEAD))
    session = client.cookies[site_settings.SESSION_COOKIE_NAME].value
    contexts = []

    def look(width: int, scheme: Literal["light", "dark"] = "light") -> Page:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": width, "height": 800}, color_scheme=scheme
        )
        contexts.append(context)
        context.add_cookies([{"name": site_settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
        page = context.new_page()
        page.goto("/console/fleet/")
        return page

    yield look
    for context in contexts:
        context.close()


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (360, "dark"), (1280, "light"), (1280, "dark")])
def test_everybody_can_read_it(look, accessible, picture, width: int, scheme: str) -> None:
    page = look(width, scheme)
    expect(page.get_by_role("heading", name="Fleet")).to_be_visible()
    expect(page.get_by_text("Microsoft 365: 14 % of mails fail since")).to_be_visible()
    expect(page.get_by_role("img", name="Cases over time")).to_be_visible()
    accessible(page)
    picture(page, f"fleet-{width}-{scheme}")
    page.get_by_role("link", name="7 days").click()
    expect(page.get_by_role("heading", name="The last 7 days")).to_be_visible()


def test_a_lead_closes_an_incident(look) -> None:
    page = look(1280)
    page.get_by_role("button", name="Close: Microsoft 365").click()
    expect(page.get_by_text("Closed: Microsoft 365.")).to_be_visible()
    expect(page.get_by_role("button", name="Close: Microsoft 365")).to_have_count(0)
