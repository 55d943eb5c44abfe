"""Who is given the figures, and how: `/metrics` of a web server for a token, or a port of its own."""

from __future__ import annotations

import os
import platform
import secrets
import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Info, generate_latest
from prometheus_client.exposition import ThreadingWSGIServer
from prometheus_client.multiprocess import MultiProcessCollector

from portal.drain import COUNTED_IN
from portal.watching.processes import WebProcesses
from portal.watching.version import VERSION

SLOWEST_READER = 10
"""Seconds that a connection to the port of its own may be silent."""


def metrics(request: HttpRequest) -> HttpResponse:
    """All that the processes of this web server counted, for who shows METRICS_TOKEN; for others nothing is here."""
    if not may_read(request):
        raise Http404
    response = HttpResponse(generate_latest(_of_this_server()), content_type=CONTENT_TYPE_LATEST)
    response.headers["Cache-Control"] = "no-store"
    return response


def may_read(request: HttpRequest) -> bool:
    return _shows_token(request.headers.get("Authorization", ""))


def serve(registry: CollectorRegistry = REGISTRY) -> ThreadingWSGIServer:
    """Answer on METRICS_PORT from a thread of its own, and give no other thread trouble. Raises OSError."""
    describe(registry)
    server = make_server(
        settings.METRICS_BIND, settings.METRICS_PORT, _application(registry), ThreadingWSGIServer, _Handler
    )
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


def describe(registry: CollectorRegistry) -> None:
    about = Info("portal", "What runs here", registry=registry)
    about.info({"version": VERSION, "python": platform.python_version(), "django": django.__version__})


def _of_this_server() -> CollectorRegistry:
    directory = os.environ.get(COUNTED_IN)
    if not directory:
        return REGISTRY
    together = CollectorRegistry()
    MultiProcessCollector(together, directory)  # type: ignore[no-untyped-call]
    together.register(WebProcesses(directory))
    describe(together)
    return together


def _shows_token(authorization: str) -> bool:
    kind, _, token = authorization.partition(" ")
    if not settings.METRICS_TOKEN or kind.lower() != "bearer":
        return False
    return secrets.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())


Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def _application(registry: CollectorRegistry) -> Application:
    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/healthz/":
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"ok"]
        known = not settings.METRICS_TOKEN or _shows_token(environ.get("HTTP_AUTHORIZATION", ""))
        if environ["PATH_INFO"] != "/metrics" or environ["REQUEST_METHOD"] != "GET" or not known:
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"not found"]
        body = generate_latest(registry)
        start_response("200 OK", [("Content-Type", CONTENT_TYPE_LATEST), ("Cache-Control", "no-store")])
        return [body]

    return answer


class _Handler(WSGIRequestHandler):
    timeout = SLOWEST_READER

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Reads of figures are no news."""
