"""What is answered while the database is away: that it will pass, and when to ask again."""

from __future__ import annotations

import sys
from http import HTTPStatus

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.defaults import server_error

RETRY_SECONDS = 5
DATABASE_AWAY = (OperationalError, InterfaceError)
"""It cannot be reached, does not answer, or has no room left."""


def error_or_away(request: HttpRequest) -> HttpResponse:
    """500, or 503 where the database did not answer: whoever asks again gets what they asked for, once. Django calls it
    while it handles the exception.
    """
    if isinstance(sys.exception(), DATABASE_AWAY):
        return come_back(server_error(request, "503.html"))
    return server_error(request)


def come_back(response: HttpResponse) -> HttpResponse:
    """The page as the answer 503 (RFC 9110 section 15.6.4)."""
    response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def words_for_form() -> str:
    """Above a form that could not be taken in."""
    return _(
        "We could not save this at the moment. What you typed is still here: please press the button again in a few "
        "seconds. Nothing is done twice."
    )
