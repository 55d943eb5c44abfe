"""The requests that come far more often than all others take a short way, around most of the middleware.

What the middleware adds to such an answer is the same each time. It is not repeated here but learned: an answer that
went all the way round teaches its headers to those that follow it to the same host, by the same protocol and for the
same languages. Whatever could lead to another answer (a session, a language that was chosen, a query) goes all the way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.core.handlers.exception import convert_exception_to_response
from django.core.signals import setting_changed
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import ResolverMatch
from django.utils import translation

from portal.watching.requests import say_about

Answer = Callable[[HttpRequest], HttpResponse | None]

MOST_LEARNED = 256
"""Hosts and languages come from outside, so there may be any number."""
OWN = frozenset({"ETag", "Expires", "Content-Length"})
"""Headers that differ from answer to answer of a kind."""
TOLD = ("HTTP_HOST", "SERVER_NAME", "SERVER_PORT", "wsgi.url_scheme", "HTTP_X_FORWARDED_PROTO", "HTTP_ACCEPT_LANGUAGE")
"""What a request says of host, protocol and languages."""


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A kind of answer to a GET without a query, always of the same status.

    `answer` gives, from the request and the named parts of its path, just what the view would; None where that might be
    something else. It does without what middleware adds to a request: user, session, messages.
    """

    view: str
    path: re.Pattern[str]
    status: int
    answer: Callable[..., HttpResponse | None]
    alone: bool
    """Whether every path that fits is the view's."""


@dataclass(frozen=True, slots=True)
class _Learned:
    headers: Mapping[str, str]
    language: str
    match: ResolverMatch


class ShortcutMiddleware:
    """For the wizard's shortcuts; not where pages are worked on, nor where each view is traced."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if settings.DEBUG or settings.OTEL_EXPORTER_OTLP_ENDPOINT:
            raise MiddlewareNotUsed
        from portal.wizard.shortcuts import SHORTCUTS

        self.get_response = get_response
        self._ways = [(one, _answering(one)) for one in SHORTCUTS]
        self._learned: dict[tuple[object, ...], _Learned] = {}
        setting_changed.connect(self._forget)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        found = self._way(request)
        if found is None:
            return self.get_response(request)
        shortcut, answer, parts = found
        situation = _situation(request, shortcut)
        learned = self._learned.get(situation)
        if learned and (short := _short(request, parts, learned, answer)):
            return short
        response = self.get_response(request)
        if not learned:
            self._learn(request, response, shortcut, situation)
        return response

    def _way(self, request: HttpRequest) -> tuple[Shortcut, Answer, dict[str, str]] | None:
        if request.method != "GET" or request.META.get("QUERY_STRING"):
            return None
        for shortcut, answer in self._ways:
            if fits := shortcut.path.fullmatch(request.path_info):
                return None if _might_differ(request.COOKIES) else (shortcut, answer, fits.groupdict())
        return None

    def _learn(
        self, request: HttpRequest, response: HttpResponseBase, shortcut: Shortcut, situation: tuple[object, ...]
    ) -> None:
        match = request.resolver_match
        if match is None or match.view_name != shortcut.view or response.status_code != shortcut.status:
            return
        if len(self._learned) >= MOST_LEARNED:
            self._learned.clear()
        headers = {name: value for name, value in response.headers.items() if name not in OWN}
        self._learned[situation] = _Learned(headers, response.headers["Content-Language"], _match(match, {}))

    def _forget(self, **kwargs: Any) -> None:
        self._learned.clear()


def _might_differ(cookies: Mapping[str, str]) -> bool:
    return settings.SESSION_COOKIE_NAME in cookies or settings.LANGUAGE_COOKIE_NAME in cookies


def _situation(request: HttpRequest, shortcut: Shortcut) -> tuple[object, ...]:
    """All that the headers of such an answer hang on, beside the settings."""
    return (shortcut.view, "" if shortcut.alone else request.path_info, *map(request.META.get, TOLD))


def _short(request: HttpRequest, parts: dict[str, str], learned: _Learned, answer: Answer) -> HttpResponse | None:
    translation.activate(learned.language)
    request.LANGUAGE_CODE = learned.language  # as LocaleMiddleware does
    request.resolver_match = _match(learned.match, parts)
    say_about(request)
    response = answer(request)
    if response is None:
        request.resolver_match = None
        return None
    failed = response.status_code >= 500
    for name, value in learned.headers.items():
        if not (failed and name in response.headers):
            response.headers[name] = value
    response.headers["Content-Length"] = str(len(response.content))
    return response


def _match(of: ResolverMatch, parts: dict[str, str]) -> ResolverMatch:
    """The same view's, for these parts of its path."""
    names: tuple[Any, Any] = of.app_names, of.namespaces  # what it has is what it takes, whatever its stubs say
    return ResolverMatch(of.func, (), parts, of.url_name, *names, of.route)


def _answering(shortcut: Shortcut) -> Answer:
    """The shortcut's answer, or the page for whatever it raised."""

    def answer(request: HttpRequest) -> HttpResponse | None:
        parts = request.resolver_match.kwargs if request.resolver_match else {}
        return shortcut.answer(request, **parts)

    # None is passed on like any answer.
    return convert_exception_to_response(answer)  # type: ignore[arg-type,return-value]
