"""Where sending services report events, and hand on messages that came back. Without HOOK_SECRET nothing is here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from anymail.exceptions import AnymailWebhookValidationFailure  # type: ignore[import-untyped]
from anymail.webhooks.base import AnymailBaseWebhookView  # type: ignore[import-untyped]
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from diagnostics.services import bounces, events
from portal.hooks.reading import told
from portal.hooks.services import INBOUND, TRACKING, hook

logger = logging.getLogger(__name__)
E = TypeVar("E")


@csrf_exempt
@never_cache
@require_http_methods(["POST", "HEAD"])
def tracking(request: HttpRequest, service: str) -> HttpResponse:
    """What became of messages; kept in one go, however many events there are."""
    found, response = _understood(request, TRACKING, service, lambda event: told(event, service))
    events.take_in(one for one in found if one)
    return response


@csrf_exempt
@never_cache
@require_http_methods(["POST", "HEAD"])
def inbound(request: HttpRequest, service: str) -> HttpResponse:
    """Messages to the bounce address."""
    found, response = _understood(request, INBOUND, service, _returned)
    for raw, envelope_to in found:
        bounces.take_in(raw, envelope_to=envelope_to)
    return response


class _Collected(Generic[E]):
    """In a view's place for its signal: keeps the events, so that they can be stored together."""

    def __init__(self, read: Callable[[Any], E]) -> None:
        self.read = read
        self.events: list[E] = []

    def send(self, *, event: Any, **about: Any) -> None:
        self.events.append(self.read(event))


def _returned(event: Any) -> tuple[bytes, str]:
    return event.message.as_bytes(), str(event.message.envelope_recipient or "")


def _understood(
    request: HttpRequest,
    views: Mapping[str, type[AnymailBaseWebhookView]],
    service: str,
    read: Callable[[Any], E],
) -> tuple[list[E], HttpResponse]:
    """What could be read from the request, and the answer that the service expects. Raises Http404."""
    view = hook(views, service)
    if view is None:
        raise Http404
    if request.method == "HEAD":
        return [], HttpResponse()
    view.setup(request)
    view.signal = collected = _Collected(read)
    try:
        response = view.post(request)
    except AnymailWebhookValidationFailure:
        return [], HttpResponseForbidden()
    except (RequestDataTooBig, TooManyFieldsSent):
        return [], HttpResponse(status=413)
    except Exception as problem:
        # The plug-in boundary: what a service reports in an unknown form must neither be repeated for days nor fill
        # the log with customers' addresses.
        logger.warning("a report of %s could not be read (%s)", service, type(problem).__name__)
        return [], HttpResponseBadRequest()
    return collected.events, response
