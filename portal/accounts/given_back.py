"""What somebody typed into a form that could not be taken: given back, so that it is not lost."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

SECRET = ("password", "code", "credential", "token", "secret", "key")
SHORT = 30
"""Characters. A single word below that is a choice or an identifier, not a text."""


@dataclass(frozen=True, slots=True)
class Typed:
    name: str
    text: str


def typed_in(request: HttpRequest) -> list[Typed]:
    """The texts of a posted form, without anything secret."""
    if request.method != "POST":
        return []
    return [
        Typed(name.replace("_", " "), text)
        for name, texts in request.POST.lists()
        if not any(word in name for word in SECRET)
        for text in texts
        if len(text) > SHORT or len(text.split()) > 1
    ]


def came_from(request: HttpRequest) -> str:
    """Where to go on after signing in: the page asked for, or the one that the form was on; empty if unknown."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    page = request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    return page if safe else ""


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form from a page that is too old, from before the last sign-in for example."""
    return render(request, "403_csrf.html", {"typed": typed_in(request)}, status=403)
