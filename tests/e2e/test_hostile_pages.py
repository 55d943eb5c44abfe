"""In a real browser: no page of a case whose every foreign text is an attack runs any of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog

from diagnostics.articles import article
from portal.roles import Role
from tests.agents import make_agent
from tests.attacks.hostile import HEADERS, MARK, hostile_case
from tests.browsing import Complaints

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


@pytest.fixture(scope="module", autouse=True)
def database_beside_playwright() -> Iterator[None]:
    """Playwright's event loop lies idle in this thread while the test asks the database; Django cannot know that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


def test_nothing_of_it_runs(live_server: Any, browser: Browser, complaints: Complaints) -> None:
    hostile = hostile_case()
    assert hostile.owner.post(f"/cases/{hostile.case.reference}/do/headers/", {"headers": HEADERS}).status_code == 303
    hostile.owner.force_login(make_agent("admin-one", Role.ADMIN))
    context = browser.new_context(base_url=live_server.url)
    context.set_default_timeout(60_000)
    context.add_cookies(
        [
            {"name": name, "value": cookie.value, "url": live_server.url}
            for name, cookie in hostile.owner.cookies.items()
        ]
    )
    dialogs: list[str] = []
    asked: list[str] = []
    page = context.new_page()

    def close(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", close)
    page.on("request", lambda request: asked.append(request.url))
    shown = 0
    for path in _paths(hostile.case):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        shown += MARK.lower() in page.inner_text("body").lower()
    context.close()
    assert shown >= 3, "the attack is there to be seen"
    assert dialogs == []
    assert [url for url in asked if not url.startswith((live_server.url, "data:"))] == []
    assert complaints == []


def _paths(case: Any) -> list[str]:
    found = article(case.article)
    assert found is not None
    ours = [f"/cases/{case.reference}/", *(f"/cases/{case.reference}/{section.slug}/" for section in found.sections)]
    console = f"/console/cases/{case.reference}/"
    return [*ours, console, f"{console}print/", f"{console}reply/", "/console/"]
