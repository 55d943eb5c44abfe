"""Each request: how long it took and how it ended, by view; and a number that its lines in the log share."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from prometheus_client import Counter, Histogram

from diagnostics.log_context import about, begin, end

logger = logging.getLogger(__name__)

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

TAKEN = Histogram("portal_request_seconds", "From the first look at a request to its answer", ["view"], buckets=SECONDS)
ANSWERED = Counter("portal_requests", "Requests answered", ["view", "method", "status"])

_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_REFERENCE = re.compile(r"[A-Z0-9]{6,12}")


class WatchMiddleware:
    """Stands behind the health checks, which are not counted, and in front of all else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        token = begin(request_id=_id_of(request))
        try:
            response = self.get_response(request)
            seconds = time.perf_counter() - began
            view, method = _view_of(request), request.method if request.method in METHODS else "other"
            TAKEN.labels(view).observe(seconds)
            ANSWERED.labels(view, method, response.status_code).inc()
            if settings.ACCESS_LOG:
                _log(request, view, str(method), response.status_code, seconds)
        finally:
            request.said_about = about()  # type: ignore[attr-defined]  # for `portal.log`
            end(token)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]) -> None:
        say_about(request)


def say_about(request: HttpRequest) -> None:
    """What is logged until `WatchMiddleware` ends it is about the view, and the case, that the address leads to."""
    reference = str(request.resolver_match.kwargs.get("reference", "")) if request.resolver_match else ""
    begin(view=_view_of(request), **({"case": reference} if _REFERENCE.fullmatch(reference) else {}))


def _id_of(request: HttpRequest) -> str:
    """A proxy's that we were told of, so that its log and ours can be laid side by side; else one of our own."""
    given = request.META.get("HTTP_X_REQUEST_ID", "")
    return given if settings.TRUSTED_PROXY_HOPS and _ID.fullmatch(given) else secrets.token_hex(16)


def _view_of(request: HttpRequest) -> str:
    if request.resolver_match:
        return request.resolver_match.view_name
    return "static" if request.path_info.startswith(settings.STATIC_URL) else "none"


def _log(request: HttpRequest, view: str, method: str, status: int, seconds: float) -> None:
    milliseconds = round(seconds * 1000, 1)
    line = {"method": method, "status": status, "milliseconds": milliseconds}
    logger.info("%s %s %d in %.1f ms", method, view, status, milliseconds, extra={"request_line": line})
