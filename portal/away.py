"""What is answered while the database is away: that it will pass, and when to ask again."""

from __future__ import annotations

import sys
from http import HTTPStatus

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.defaults import server_error

RETRY_SECONDS = 5


def error_or_away(request: HttpRequest) -> HttpResponse:
    """500, or 503 (RFC 9110 section 15.6.4) where the database did not answer: nothing was changed then, and whoever
    asks again gets what they asked for. Django calls it while it handles the exception.
    """
    response = server_error(request)
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response
