"""The home page and an article's start page."""

from __future__ import annotations

import secrets
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from diagnostics import lab
from diagnostics.articles import article as article_of
from diagnostics.articles import articles
from diagnostics.domain import Article
from portal.intake import handle_start, render_start
from portal.moulds import Moulds

_home = Moulds()


@require_safe
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """The articles; where the lab runs, its addresses too."""
    every = articles(get_language() or "en")
    shown = {"articles": [one for one in every.values() if one.slug not in _only_in_lab()]}
    if settings.LAB:
        more = [one for one in lab.scenarios() if one.slug not in lab.TOUR]
        tour = {"tour": lab.tour(), "more": more, "submission": secrets.token_urlsafe(16)}
        return render(request, "wizard/home.html", {**shown, **tour})
    return HttpResponse(_home.filled("", (every,), {}, lambda _: render_to_string("wizard/home.html", shown)))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def start(request: HttpRequest, article: str) -> HttpResponse:
    """The form; sent, it opens a case. Nothing is taken from the query string."""
    found = article_or_404(article)
    return handle_start(request, found) if request.method == "POST" else render_start(request, found)


@cache
def _only_in_lab() -> frozenset[str]:
    """Articles that only carry a lab scenario."""
    return frozenset(path.name for path in (Path(lab.__file__).parent / "articles").iterdir())


def article_or_404(slug: str) -> Article:
    """The article in the visitor's language."""
    found = article_of(slug, get_language() or "en")
    if found is None:
        raise Http404
    return found
