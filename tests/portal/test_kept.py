"""A part of a page that was kept is the part that would have been rendered, for these values and in this language."""

from __future__ import annotations

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.template import loader as django_loader
from django.utils import translation
from django.utils.translation import gettext_lazy

from diagnostics.domain import Status
from portal import moulds
from portal.templatetags import kept
from portal.wizard.route import Stop

STATUS = '{% load kept %}{% kept "components/status.html" status=status word=word %}'
STEP = (
    '{% load kept %}{% kept "components/step.html" slug=slug title=title status=status word=word '
    "filled reference=reference %}"
)


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of parts that were rendered, from nothing kept at all."""
    names: list[str] = []

    def get_template(name: str):
        names.append(name)
        return django_loader.get_template(name)

    kept._moulds.cache_clear()
    monkeypatch.setattr(kept, "get_template", get_template)
    return names


def shown(text: str, **values: object) -> str:
    return Template(text).render(Context(values))


def test_is_rendered_once_for_the_same_values(rendered: list[str]) -> None:
    part = '<strong class="tag tag-fine">Fine</strong>\n'
    assert [shown(STATUS, status=Status.FINE, word="Fine") for _ in range(3)] == [part] * 3
    assert rendered == ["components/status.html"]


def test_other_values_are_other_parts(rendered: list[str]) -> None:
    parts = {shown(STATUS, status=status, word=word) for status in Status for word in ("one", "<b>&")}
    assert len(parts) == len(rendered) == 2 * len(Status)
    assert not any("<b>" in part for part in parts)


def test_each_language_has_its_own(rendered: list[str]) -> None:
    word = gettext_lazy("January")
    for language, said in [("en", "January"), ("de", "Januar"), ("en", "January")]:
        with translation.override(language):
            assert f">{said}<" in shown(STATUS, status=Status.FINE, word=word)
    assert len(rendered) == 2


def test_what_differs_from_case_to_case_is_filled_in(rendered: list[str]) -> None:
    values = {"slug": "spam", "title": "Look <there>", "status": Status.FINE, "word": "a & b"}
    for reference in ("ABCDEFGH", "22222222"):
        part = shown(STEP, **values, reference=reference)
        assert f'href="/cases/{reference}/spam/">Look &lt;there&gt;</a>' in part
        assert ">a &amp; b<" in part
        assert part == django_loader.render_to_string("components/step.html", {**values, "reference": reference})
    assert len(rendered) == 1


def test_nothing_but_letters_and_digits_is_filled_in(rendered: list[str]) -> None:
    with pytest.raises(ValueError, match="only letters"):
        shown(STEP, slug="spam", title="", status=Status.FINE, word="", reference='"><script>')


def test_values_that_cannot_be_told_apart_are_rendered_each_time(rendered: list[str]) -> None:
    route = '{% load kept %}{% kept "components/mail_route.html" stops=stops %}'
    for name in ("mx.example.org", "mx.example.com"):
        assert name in shown(route, stops=[Stop(name, Status.FINE)])
    assert len(rendered) == 2


def test_no_more_than_so_many_are_kept(rendered: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moulds, "MOST", 3)
    for number in range(10):
        shown(STATUS, status=Status.FINE, word=str(number))
    assert len(kept._moulds("components/status.html")._kept) <= 3


def test_other_settings_make_other_pages(rendered: list[str], settings) -> None:
    shown(STATUS, status=Status.FINE, word="Fine")
    settings.USE_THOUSAND_SEPARATOR = True
    shown(STATUS, status=Status.FINE, word="Fine")
    assert len(rendered) == 2


@pytest.mark.parametrize("words", ["name", '"a.html" word', '"a.html" a=b filled c'])
def test_whoever_writes_it_wrongly_is_told(words: str) -> None:
    with pytest.raises(TemplateSyntaxError, match="kept takes"):
        Template(f"{{% load kept %}}{{% kept {words} %}}")
