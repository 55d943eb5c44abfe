"""Is this process up (`/healthz/`), and can the portal do its work (`/readyz/`)?

Answered in front of everything else: whoever asks from beside the process (a container's health check, a load balancer)
comes by plain http and by address, which the host check and the redirect to https would turn away.
"""

from collections.abc import Callable
from datetime import timedelta

import redis
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils import timezone

BROKER_SECONDS = 1
DISPATCHER_SILENT = timedelta(seconds=60)


def healthz(request: HttpRequest) -> JsonResponse:
    """200 while this process answers requests; looks at nothing else, so that a database fault restarts no process."""
    return _uncached(JsonResponse({"status": "ok"}))


def readyz(request: HttpRequest) -> JsonResponse:
    """200 if cases can be taken in and worked on, else 503; the body names each part: `ok` or what is wrong."""
    parts = {**_database_and_dispatcher(), "broker": _broker()}
    ready = all(state == "ok" for state in parts.values())
    body = {"status": "ok" if ready else "unavailable", **parts}
    return _uncached(JsonResponse(body, status=200 if ready else 503))


class HealthMiddleware:
    """Answers the two health addresses before any other middleware sees them."""

    views = {"/healthz/": healthz, "/readyz/": readyz}

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        view = self.views.get(request.path_info, self.get_response)
        return view(request)


def _database_and_dispatcher() -> dict[str, str]:
    from diagnostics.models import Heartbeat

    try:
        heartbeat = Heartbeat.objects.filter(name="dispatcher").first()
    except DatabaseError:
        return {"database": "unreachable", "dispatcher": "unknown"}
    if heartbeat is None or timezone.now() - heartbeat.at > DISPATCHER_SILENT:
        return {"database": "ok", "dispatcher": "silent"}
    return {"database": "ok", "dispatcher": "ok"}


def _broker() -> str:
    timeouts = {"socket_timeout": BROKER_SECONDS, "socket_connect_timeout": BROKER_SECONDS}
    if settings.REDIS_URL.startswith("unix://"):
        del timeouts["socket_connect_timeout"]
    with redis.Redis.from_url(settings.REDIS_URL, retry=None, **timeouts) as client:
        try:
            client.ping()
        except redis.RedisError:
            return "unreachable"
    return "ok"


def _uncached(response: JsonResponse) -> JsonResponse:
    response.headers["Cache-Control"] = "no-store"
    return response
