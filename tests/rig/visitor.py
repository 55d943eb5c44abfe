"""A customer at a browser within a customer's network: opens the case's page there, and lets it test the network.

`python -m tests.rig.visitor <JSON>`; see `Errand`. Says `cut?` and `unsent` where the errand is about a network that
goes away, and waits for a line each time; the second one brings what the script printed there, which it pastes into
the page. Says in the end what came of it, as JSON.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict, dataclass, field
from urllib.parse import urljoin

from playwright.sync_api import Page, Route, sync_playwright

from tests.rig.plan import PORTAL_URL, SIGN_IN

ARGUMENTS = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update"]
SECTION = "ports-and-addresses"
LIMIT = 120_000
"""Milliseconds: more than the page takes where nothing answers at all."""


@dataclass(frozen=True)
class Errand:
    """`pins` are keys that the browser is to trust; `loses` whether the network goes away once the test has begun."""

    chromium: str
    pins: str
    link: str
    reference: str
    proxy: str = ""
    loses: bool = False


@dataclass
class Outcome:
    """`problem` is what the page said in place of a result. `complaints` are faults of the page itself."""

    problem: str = ""
    result: str = ""
    complaints: list[str] = field(default_factory=list)


def run(errand: Errand) -> Outcome:
    outcome = Outcome()
    options = [*ARGUMENTS, f"--ignore-certificate-errors-spki-list={errand.pins}"]
    with sync_playwright() as playing:
        browser = playing.chromium.launch(
            executable_path=errand.chromium,
            args=options,
            proxy={"server": errand.proxy} if errand.proxy else None,
        )
        page = browser.new_page()
        page.on("console", lambda message: outcome.complaints.append(message.text) if _is_fault(message.text) else None)
        page.on("pageerror", lambda fault: outcome.complaints.append(str(fault)))
        page.goto(urljoin(PORTAL_URL, f"/c/{errand.link}/"))
        page.goto(urljoin(PORTAL_URL, f"/cases/{errand.reference}/{SECTION}/"))
        if errand.loses:
            _lose(page, outcome)
        else:
            _test(page)
        outcome.result = page.locator("#network-result").inner_text()
        browser.close()
    return outcome


def _test(page: Page) -> None:
    """Until the page has sent what it saw, or has said why not."""
    page.locator("#network-check [name=place][value=device]").check()
    page.locator("[data-start-test]").click()
    page.locator("[data-stop-test]").wait_for(state="visible")
    _until_ended(page)


def _lose(page: Page, outcome: Outcome) -> None:
    """What to try has been learned, when nothing gets out any more; the report is sent when it does again."""

    def cut(route: Route) -> None:
        answer = route.fetch()
        _say("cut?")
        route.fulfill(response=answer)

    page.route(re.compile(r"/do/network/start/$"), cut)
    _test(page)
    outcome.problem = page.locator("#network-check [data-problem]").inner_text()
    again = page.locator("[data-send-again]")
    again.wait_for(state="visible")
    printed = json.loads(_say("unsent"))
    again.click()
    again.wait_for(state="hidden")
    _until_ended(page)
    _paste(page, printed)


def _paste(page: Page, printed: str) -> None:
    page.locator("#network-script summary", has_text="Paste it here").click()
    form = page.locator("#network-script form", has=page.locator("textarea"))
    form.locator("textarea").fill(printed[printed.index("-----BEGIN") :])
    with page.expect_navigation():
        form.get_by_role("button").click()


def _until_ended(page: Page) -> None:
    page.locator("[data-start-test]").wait_for(state="visible", timeout=LIMIT)


def _say(word: str) -> str:
    """And wait for the answer."""
    print(word, flush=True)
    return sys.stdin.readline()


def _is_fault(text: str) -> bool:
    """But not that the page's policy forbids to follow a web filter's redirect: the page goes by that."""
    return bool(re.search(r"Content Security Policy|Refused to|Uncaught", text)) and SIGN_IN not in text


if __name__ == "__main__":
    print(json.dumps(asdict(run(Errand(**json.loads(sys.argv[1]))))))
