"""Is this process up (`/healthz/`), can cases be taken in (`/readyz/intake/`), and can the portal do its work
(`/readyz/`)?

Answered in front of everything else: whoever asks from beside the process (a container's health check, a load balancer)
comes by plain http and by address, which the host check and the redirect to https would turn away. Each answer comes
within 5 seconds, whatever is frozen.
"""

from collections.abc import Callable

import psycopg
import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, JsonResponse

from portal import looks
from portal.drain import is_stopping
from portal.watching.exposition import may_read, metrics

DISPATCHER_SILENT = 60.0
"""Seconds; it shows itself every 5."""
LOOK_SECONDS = 4.0


def healthz(request: HttpRequest) -> JsonResponse:
    """200 while this process answers requests; looks at nothing else, so that a database fault restarts no process."""
    return _uncached(JsonResponse({"status": "ok"}))


def intake(request: HttpRequest) -> JsonResponse:
    """200 if this process can take cases in, else 503: for load balancers. A broker that is away hinders nobody, and a
    process that has been told to stop says so before it does.
    """
    if is_stopping():
        return _answer({}, "stopping")
    return _answer({"database": _database()["database"]})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 if cases can be taken in and worked on, else 503; the body names each part: `ok` or what is wrong."""
    if is_stopping():
        return _answer({}, "stopping")
    return _answer({**_database(), "broker": _broker()})


class HealthMiddleware:
    """Answers the health addresses, and `/metrics` to who may read it, before any other middleware sees them."""

    views = {"/healthz/": healthz, "/readyz/": readyz, "/readyz/intake/": intake}

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info == "/metrics" and may_read(request):
            return metrics(request)
        view = self.views.get(request.path_info, self.get_response)
        return view(request)


def _database() -> dict[str, str]:
    return _at_the_database.answer() or {"database": "frozen", "dispatcher": "unknown", "queue": "unknown"}


def _broker() -> str:
    return _at_the_broker.answer() or "frozen"


def _look_at_database() -> dict[str, str]:
    try:
        with looks.database() as connection:
            tick = looks.dispatcher_tick_seconds(connection)
            waiting = looks.oldest_queued_seconds(connection)
    except psycopg.Error:
        return {"database": "unreachable", "dispatcher": "unknown", "queue": "unknown"}
    return {
        "database": "ok",
        "dispatcher": "ok" if tick is not None and tick <= DISPATCHER_SILENT else "silent",
        "queue": "ok" if waiting <= settings.QUEUE_LATE_SECONDS else "late",
    }


def _look_at_broker() -> str:
    with looks.broker() as client:
        try:
            client.ping()
        except redis.RedisError:
            return "unreachable"
    return "ok"


_at_the_database = looks.Look(_look_at_database, LOOK_SECONDS)
_at_the_broker = looks.Look(_look_at_broker, LOOK_SECONDS)


def _answer(parts: dict[str, str], status: str = "") -> JsonResponse:
    ready = not status and all(state == "ok" for state in parts.values())
    status = status or ("ok" if ready else "unavailable")
    return _uncached(JsonResponse({"status": status, **parts}, status=200 if ready else 503))


def _uncached(response: JsonResponse) -> JsonResponse:
    response.headers["Cache-Control"] = "no-store"
    return response
