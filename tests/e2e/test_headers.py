"""A customer pastes the headers of a late message, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.diagnostics.headers.samples import samples
from tests.e2e.conftest import DESKTOP, PHONE, Accessible, Picture, Visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LATE = samples()["proofpoint held it for twenty minutes, then microsoft"].replace("example.com", "timeclock.test")


@pytest.mark.parametrize(
    ("width", "javascript"), [(PHONE, True), (PHONE, False), (DESKTOP, True)], ids=["phone", "phone-plain", "desktop"]
)
def test_the_way_of_a_late_message_is_read(
    visit: Visit, picture: Picture, accessible: Accessible, width: int, javascript: bool
) -> None:
    page = visit(width=width, javascript=javascript)
    page.goto("/timeclock/")
    page.get_by_label("Company ID").fill("ACME-1")
    page.get_by_label("e-mail address").fill("anna@fine.test")
    page.get_by_role("button", name="Find my code").click()
    page.goto(f"{page.url.split('?')[0]}folders/")
    page.get_by_text("Did it arrive late or in spam? Paste its headers").click()
    if javascript:  # axe is a script itself
        accessible(page)
    picture(page, f"headers-form-{width}")
    page.get_by_label("Headers, or the whole message source").fill("Your code is here")
    page.get_by_role("button", name="Read the headers").click()
    expect(page.get_by_role("link", name="We cannot find headers")).to_be_visible()
    expect(page.get_by_label("Headers, or the whole message source")).to_have_value("Your code is here")
    picture(page, f"headers-problem-{width}")
    page.get_by_label("Headers, or the whole message source").fill(LATE)
    page.get_by_role("button", name="Read the headers").click()
    expect(page.get_by_text("It was 20 min 9 s under way.")).to_be_visible()
    if javascript:  # axe is a script itself
        accessible(page)
    picture(page, f"headers-read-{width}")
