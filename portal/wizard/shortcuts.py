"""What is answered by the short way: an article's empty form, and pages that ask in vain whether anything is new."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_protect

from diagnostics.articles import article as article_of
from portal.shortcuts import Shortcut
from portal.wizard.views import case, start

_with_token = csrf_protect(start.start)


def empty_form(request: HttpRequest, article: str) -> HttpResponse | None:
    """The page that nobody has typed into yet, while there is such an article."""
    return _with_token(request, article) if article_of(article, get_language() or "en") else None


_CASE = "/cases/(?P<reference>[0-9A-Z]{8,12})/"
_SLUG = "[-a-zA-Z0-9_]+"
SHORTCUTS = (
    Shortcut("wizard:case", re.compile(_CASE), 304, case.nothing_new, alone=True),
    Shortcut("wizard:section", re.compile(f"{_CASE}(?P<section>{_SLUG})/"), 304, case.nothing_new, alone=True),
    Shortcut("wizard:start", re.compile(f"/(?P<article>{_SLUG})/"), 200, empty_form, alone=False),
)
