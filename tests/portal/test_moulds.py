"""A page from its mould is the page that would have been rendered, and never an older one, nor somebody else's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from diagnostics import articles
from portal import moulds
from portal.moulds import Moulds

HIDDEN = re.compile(r'name="(csrfmiddlewaretoken|submission)" value="([A-Za-z0-9_-]+)"')


class Page:
    """Says what it was given, and counts how often."""

    def __init__(self) -> None:
        self.rendered = 0

    def __call__(self, values: Mapping[str, str]) -> str:
        self.rendered += 1
        return f"<a {values['one']}>{values['other']}, {values['one']} ({self.rendered})"


@pytest.fixture
def page() -> Page:
    return Page()


@pytest.fixture
def kept() -> Moulds:
    return Moulds("one", "other")


THING, OTHER_THING = object(), object()


def fill(kept: Moulds, page: Page, one: str = "a", *, key: str = "", made_of: tuple[object, ...] = (THING,)) -> str:
    return kept.filled(key, made_of, {"one": one, "other": "b"}, page)


def test_is_rendered_once_and_then_filled_in(kept: Moulds, page: Page) -> None:
    assert fill(kept, page, "a") == "<a a>b, a (1)"
    assert fill(kept, page, "c-d_9") == "<a c-d_9>b, c-d_9 (1)"


def test_pages_of_other_names_and_languages_are_others(kept: Moulds, page: Page) -> None:
    assert fill(kept, page).endswith("(1)")
    assert fill(kept, page, key="another").endswith("(2)")
    with translation.override("de"):
        assert fill(kept, page).endswith("(3)")
    assert fill(kept, page).endswith("(1)")


@pytest.mark.parametrize("changed", [(OTHER_THING,), (THING, OTHER_THING), ()])
def test_is_rendered_anew_once_it_is_made_of_something_else(
    kept: Moulds, page: Page, changed: tuple[object, ...]
) -> None:
    fill(kept, page)
    assert fill(kept, page, made_of=changed).endswith("(2)")
    assert fill(kept, page, made_of=changed).endswith("(2)")


def test_whoever_works_on_a_template_sees_it_at_once(kept: Moulds, page: Page, settings: Any) -> None:
    settings.DEBUG = True
    assert [fill(kept, page)[-3:], fill(kept, page)[-3:]] == ["(1)", "(2)"]


@pytest.mark.parametrize("value", ["<b>", '"', "a&b", "a b", "é", "\n", "a\n"])
def test_what_would_have_to_be_escaped_is_refused(kept: Moulds, page: Page, value: str) -> None:
    with pytest.raises(ValueError, match="one"):
        fill(kept, page, value)
    assert not page.rendered


def test_a_page_without_gaps(page: Page) -> None:
    kept = Moulds()
    assert [kept.filled("", (), {}, lambda _: "said") for _ in range(2)] == ["said", "said"]


@pytest.mark.django_db
class TestStartPage:
    def test_is_what_would_have_been_rendered(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        kept = [client.get("/timeclock/") for _ in range(2)][1]
        monkeypatch.setattr(moulds.Moulds, "filled", lambda self, key, made_of, values, render: render(values))
        rendered = client.get("/timeclock/")
        assert HIDDEN.sub("", kept.content.decode()) == HIDDEN.sub("", rendered.content.decode())
        assert sorted(kept.headers) == sorted(rendered.headers)

    def test_every_visitor_gets_values_of_their_own(self) -> None:
        first, second = (Client().get("/timeclock/") for _ in range(2))
        mine, theirs = (dict(HIDDEN.findall(page.content.decode())) for page in (first, second))
        assert not set(mine.values()) & set(theirs.values())
        assert mine.keys() == theirs.keys() == {"csrfmiddlewaretoken", "submission"}
        assert first.cookies["csrf"].value != second.cookies["csrf"].value

    def test_its_token_is_good_for_its_form(self) -> None:
        visitor = Client(enforce_csrf_checks=True)
        for _ in range(2):
            fields = dict(HIDDEN.findall(visitor.get("/timeclock/").content.decode()))
            sent = visitor.post("/timeclock/", fields | {"company_id": "ACME-1", "address": "anna@example.org"})
            assert sent.status_code == 303

    def test_shows_a_new_article_at_once(self, client: Client, tmp_path: Any) -> None:
        client.get("/timeclock/")
        (tmp_path / "timeclock").mkdir()
        text = 'title = "Another title"\nsummary = "s"\nvendor = "timeclock"\n'
        (tmp_path / "timeclock" / "article.toml").write_text(text)
        (tmp_path / "timeclock" / "01-one.md").write_text('+++\ntitle = "One"\narticle_heading = "One"\n+++\nText.\n')
        before = articles.use(tmp_path)
        try:
            assert "<h1>Another title</h1>" in client.get("/timeclock/").content.decode()
        finally:
            articles.use(*before)
        assert "<h1>Another title</h1>" not in client.get("/timeclock/").content.decode()
