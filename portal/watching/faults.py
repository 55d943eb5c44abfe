"""Faults go to Sentry, where SENTRY_DSN is set: which line of ours failed, and never what anybody typed.

Everything of a report that is not known to be harmless is left out: bodies, cookies, query strings, addresses,
variables, the words of breadcrumbs. What remains is gone over once more, as the log is.
"""

from __future__ import annotations

import socket
from typing import Any, cast
from urllib.parse import urlsplit

import sentry_sdk
from django.conf import settings
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.integrations.threading import ThreadingIntegration
from sentry_sdk.types import Event

from diagnostics.log_context import about
from portal.log import without_keys
from portal.watching.version import VERSION

KEPT = frozenset(
    {
        *("event_id", "timestamp", "platform", "level", "logger", "release", "environment", "server_name", "sdk"),
        *("exception", "logentry", "threads", "transaction", "fingerprint", "tags", "modules", "type"),
    }
)
OF_A_FRAME = (
    "filename",
    "function",
    "module",
    "lineno",
    "abs_path",
    "in_app",
    "pre_context",
    "context_line",
    "post_context",
)


def report_faults() -> None:
    """From here on, in this process."""
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=VERSION,
        server_name=socket.gethostname(),
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        traces_sample_rate=None,
        before_send=without_people,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[DjangoIntegration(), CeleryIntegration(), LoggingIntegration(), ThreadingIntegration()],
        shutdown_timeout=2,
    )


def without_people(event: Event, hint: dict[str, Any]) -> Event:
    """The report with the fault, our code, the method and the view, and nothing of whom it met."""
    kept: dict[str, Any] = {name: value for name, value in event.items() if name in KEPT}
    for fault in [*_values(kept, "exception"), *_values(kept, "threads")]:
        for frame in (fault.get("stacktrace") or {}).get("frames", ()):
            for name in frame.keys() - set(OF_A_FRAME):
                del frame[name]
    if "logentry" in kept:
        # The words as we wrote them; what stood in for %s may be anybody's.
        kept["logentry"] = {"message": kept["logentry"].get("message", "")}
    if request := event.get("request"):
        path = urlsplit(str(request.get("url", ""))).path
        kept["request"] = {"method": request.get("method", ""), "url": f"{settings.PORTAL_URL}{path}"}
    kept["tags"] = {**(kept.get("tags") or {}), **{name: str(value) for name, value in about().items()}}
    return cast(Event, _cleaned(kept))


def _values(event: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return list((event.get(name) or {}).get("values") or ())


def _cleaned(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: _cleaned(value) for name, value in part.items()}
    if isinstance(part, list | tuple):
        return [_cleaned(value) for value in part]
    return without_keys(part) if isinstance(part, str) else part
