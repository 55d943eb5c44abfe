"""What breaks a content security policy, or a script, would fail the test whose page it is on."""

import pytest
from playwright.sync_api import Browser

from tests.browsing import Complaints

pytestmark = [pytest.mark.browser, pytest.mark.slow]
POLICY = "default-src 'none'; script-src 'nonce-right'"
SINS = {
    "script-src": "<script>1</script>",
    "script-src-attr": "<img src=x onerror=1>",
    "style-src": '<p style="color: red">',
    "img-src": '<img src="https://elsewhere.example.org/x.png">',
    "gone wrong": '<script nonce="right">throw new Error("gone wrong")</script>',
}


@pytest.mark.parametrize("sin", SINS)
def test_is_noticed(browser: Browser, complaints: Complaints, sin: str) -> None:
    context = browser.new_context()
    context.route(
        "**",
        lambda route: route.fulfill(
            body=f"<!doctype html>{SINS[sin]}", headers={"Content-Security-Policy": POLICY, "Content-Type": "text/html"}
        ),
    )
    page = context.new_page()
    page.goto("https://portal.example.org/")
    page.evaluate("new Promise(done => setTimeout(done))")
    complaints.expect(sin)
    context.close()
    complaints.clear()
