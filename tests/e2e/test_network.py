"""The page's test of the customer's own network, in a real browser against the real responder of `make run`."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import DESKTOP, PHONE, Accessible, Picture, Visit
from tests.e2e.test_walk import DIAGNOSED, press, report, until

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATIENCE = 60_000
"""Milliseconds: a test whose every try is silent takes half of it."""
QUESTION = "**/e?n=*"
"""What the page asks of our responders."""

Ask = Callable[..., Page]


@pytest.fixture
def ask(visit: Visit) -> Ask:
    """A customer on the section about ports, who has said where they are."""

    def begin(address: str, *, width: int = DESKTOP, place: str = "On the Wi-Fi that the clock uses") -> Page:
        page = visit(width=width)
        report(page, "timeclock", address)
        until(page, DIAGNOSED)
        # A header that no page may send elsewhere unasked (CORS) would be a fault of the test's own.
        page.context.set_extra_http_headers({})
        page.goto(f"{page.url}ports-and-addresses/")
        page.get_by_label(place).check()
        return page

    return begin


def start(page: Page) -> None:
    page.get_by_role("button", name="Test from this browser").click()


def results(page: Page) -> str:
    """What the table says of the places that the customer tried; waits until it says something."""
    row = page.locator("#network-result tr", has_text="Browser,")
    expect(row).to_be_visible(timeout=PATIENCE)
    return row.inner_text()


@pytest.mark.parametrize("width", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_free_network_is_found_open(ask: Ask, picture: Picture, accessible: Accessible, width: int) -> None:
    page = ask(f"anna-network-{width}@fine.test", width=width)
    page.get_by_text("Paste it here").click()
    page.get_by_label("The block that the script printed").fill("half a report")
    accessible(page)
    start(page)
    assert results(page).count("Open") == 4
    expect(page.locator("#network-result .lead")).to_contain_text("Every port is open on the clock’s Wi-Fi")
    expect(page.locator("#network-result")).to_contain_text("A page cannot see a proxy")
    expect(page.locator("#findings")).to_contain_text(re.compile(r"Fine\s*Does your own network let you through"))
    expect(page.locator("#announcements")).to_contain_text("Every port is open on the clock’s Wi-Fi")
    expect(page.get_by_label("The block that the script printed")).to_have_value("half a report")
    expect(page.get_by_role("button", name="Test from this browser")).to_be_focused()
    expect(page.locator("[data-problem]")).to_be_hidden()
    picture(page, f"network-{width}")
    accessible(page)


def test_a_second_look_from_elsewhere_stands_beside_the_first(ask: Ask) -> None:
    page = ask("anna-network-twice@fine.test", place="Elsewhere in the company")
    start(page)
    results(page)
    expect(page.locator("#network-result .lead")).to_contain_text("The clock’s own network was not tried")
    page.get_by_label("On the clock’s own cable").check()
    start(page)
    expect(page.locator("#network-result tr", has_text="Browser,")).to_have_count(2, timeout=PATIENCE)
    expect(page.locator("#network-result .lead")).to_contain_text("on the clock’s own cable")


def test_a_port_that_stays_silent_is_told_while_it_lasts(ask: Ask, picture: Picture, accessible: Accessible) -> None:
    page = ask("anna-network-silent@fine.test", width=PHONE)
    silent = page.locator("[data-progress] li", has_text="Port 59777")
    asked: list[Route] = []
    page.route(f"**:{listening_port(page, 59777)}/e?n=*", lambda route: asked.append(route))  # and never answered
    start(page)
    expect(silent).to_contain_text("Trying…")
    expect(silent).to_contain_text("Still waiting; this can mean a firewall", timeout=20_000)
    picture(page, "network-waiting")
    accessible(page)
    said = results(page)
    assert said.count("Open") == 3
    assert said.count("No answer") == 1
    assert len(asked) == 2
    accessible(page)


def too_many(page: Page) -> Callable[[Route], None]:
    """Our test point's own refusal of more questions, which this page may read."""
    portal = page.evaluate("location.origin")

    def refuse(route: Route) -> None:
        route.fulfill(status=429, headers={"Access-Control-Allow-Origin": portal, "Vary": "Origin"}, body="Too many.")

    return refuse


def test_what_our_own_test_point_turns_away_is_asked_again(ask: Ask) -> None:
    page = ask("anna-network-limit-once@fine.test")
    refuse, asked = too_many(page), []

    def limited_at_first(route: Route) -> None:
        asked.append(route)
        if len(asked) == 1:
            refuse(route)
        else:
            route.continue_()

    page.route(f"**:{listening_port(page, 59777)}/e?n=*", limited_at_first)
    start(page)
    assert results(page).count("Open") == 4
    assert len(asked) == 3


def test_a_port_that_our_own_test_point_turns_away_twice_is_not_known(ask: Ask) -> None:
    page = ask("anna-network-limit@fine.test")
    page.route(f"**:{listening_port(page, 59777)}/e?n=*", too_many(page))
    start(page)
    said = results(page)
    assert said.count("Open") == 3
    assert said.count("Could not test") == 1
    expect(page.locator("#network-result .lead")).to_contain_text("Could not check")
    expect(page.locator("#findings")).not_to_contain_text("blocks the way to us")


def test_a_page_that_slept_takes_that_for_no_answer_of_the_networks(ask: Ask) -> None:
    page = ask("anna-network-slept@fine.test", width=PHONE)
    page.clock.install()
    asked: list[Route] = []
    page.route(f"**:{listening_port(page, 59777)}/e?n=*", lambda route: asked.append(route))  # and never answered
    start(page)
    row = page.locator("[data-progress] li", has_text="Port 59777")
    expect(row).to_contain_text("Still waiting", timeout=20_000)
    expect(page.locator("[data-progress] .tag-fine")).to_have_count(3, timeout=PATIENCE)
    page.clock.fast_forward("10:00")
    said = results(page)
    assert said.count("Open") == 3
    assert said.count("Could not test") == 1
    expect(page.locator("[data-problem]")).to_have_text("The page was asleep during the test. Test again.")


def listening_port(page: Page, port: int) -> str:
    """Where the responder listens for that port of the article, as the page's own policy says in the same order."""
    policy = page.request.get(page.url).headers["content-security-policy"]
    allowed = re.search(r"connect-src ([^;]+)", policy)
    assert allowed
    origins = [word.rpartition(":")[2] for word in allowed[1].split() if word.startswith("http")]
    rows = page.locator("[data-progress] li")
    ports = [rows.nth(at).get_attribute("data-port") for at in range(rows.count())]
    return origins[ports.index(str(port))]


def test_where_one_is_must_be_said(visit: Visit) -> None:
    page = visit()
    report(page, "timeclock", "anna-network-nowhere@fine.test")
    until(page, DIAGNOSED)
    page.goto(f"{page.url}ports-and-addresses/")
    start(page)
    expect(page.locator("[data-problem]")).to_contain_text("Choose where this computer or phone is first")
    expect(page.get_by_label("On the clock’s own cable")).to_be_focused()


def test_it_can_be_stopped_and_begun_again(ask: Ask) -> None:
    page = ask("anna-network-stop@fine.test")
    page.route(QUESTION, lambda route: None)
    start(page)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("[data-problem]")).to_contain_text("Stopped. Nothing was sent.")
    page.unroute(QUESTION)
    start(page)
    assert results(page).count("Open") == 4


def test_results_that_could_not_be_sent_stay_and_are_sent_again(ask: Ask) -> None:
    page = ask("anna-network-again@fine.test")
    page.route("**/do/network/", lambda route: route.abort())
    start(page)
    again = page.get_by_role("button", name="Send the results again")
    expect(again).to_be_visible(timeout=PATIENCE)
    expect(page.locator("[data-problem]")).to_contain_text("They are still here")
    expect(page.locator("[data-progress] .tag-fine")).to_have_count(4)
    page.unroute("**/do/network/")
    again.click()
    assert results(page).count("Open") == 4
    expect(again).to_be_hidden()


def test_a_browser_that_is_offline_is_told_so(ask: Ask) -> None:
    page = ask("anna-network-offline@fine.test")
    page.context.set_offline(True)
    start(page)
    expect(page.locator("[data-problem]")).to_contain_text("This browser is offline")
    page.context.set_offline(False)
    start(page)
    assert results(page).count("Open") == 4


def test_too_many_tests_are_refused_with_the_time_to_wait(ask: Ask) -> None:
    page = ask("anna-network-often@fine.test")
    page.evaluate(
        """async () => {
          const form = document.getElementById("network-check");
          const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
          for (let n = 0; n < 30; n++)
            await fetch(form.dataset.start, {method: "POST", headers: {"X-CSRFToken": token}});
        }"""
    )
    start(page)
    expect(page.locator("[data-problem]")).to_contain_text("asked for too often", timeout=PATIENCE)


def test_a_browser_without_webrtc_tests_as_well(ask: Ask) -> None:
    page = ask("anna-network-plain@fine.test")
    page.add_init_script("delete window.RTCPeerConnection; delete window.webkitRTCPeerConnection;")
    page.reload()
    page.get_by_label("Elsewhere in the company").check()
    start(page)
    assert results(page).count("Open") == 4


def test_without_javascript_the_script_is_there(visit: Visit, picture: Picture) -> None:
    page = visit(width=PHONE, javascript=False)
    report(page, "timeclock", "anna-network-noscript@fine.test")
    until(page, DIAGNOSED)
    page.goto(f"{page.url}ports-and-addresses/")
    expect(page.locator("#network-check")).to_be_hidden()
    page.get_by_role("button", name="Make the command for IT").click()
    expect(page.locator("#network-script")).to_contain_text("bash check-1.sh ")
    picture(page, "network-script-plain")


def test_the_page_for_it_has_the_commands_and_the_rule(
    ask: Ask, visit: Visit, picture: Picture, accessible: Accessible
) -> None:
    page = ask("anna-network-it@fine.test")
    start(page)
    results(page)
    press(page, "Make a page for IT")
    link = re.search(r"http://\S+/it/[\w-]+/", page.content())
    assert link
    for width in (PHONE, DESKTOP):
        reader = visit(width=width)
        reader.goto(link[0])
        expect(reader.locator("#script-run-bash")).to_contain_text("bash check-1.sh ")
        expect(reader.locator("#firewall-rule")).to_contain_text("80, 443, 59777, 59778")
        expect(reader.locator("#network")).to_contain_text("Browser, on the clock’s Wi-Fi")
        picture(reader, f"network-it-{width}")
        accessible(reader)
