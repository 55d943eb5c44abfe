"""Where helpdesks call: a ticket gets a link for its customer, or a case. What is not set up is not here."""

from __future__ import annotations

import json
import logging
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from diagnostics.addresses import BadAddress
from diagnostics.articles import article
from diagnostics.helpdesks import BadPayload, NotProved, Referral, configured_helpdesks
from diagnostics.services import helpdesk_calls
from diagnostics.services.helpdesk_calls import Call, Replayed
from diagnostics.services.limits import LimitReached
from portal.access import source_of
from portal.intake import parsed

logger = logging.getLogger(__name__)
LARGEST = 64 * 1024
"""Bytes; a call that says what we ask for has a few hundred."""


@csrf_exempt
@never_cache
@require_POST
def called(request: HttpRequest, slug: str) -> HttpResponse:
    """One call about one ticket. The same again changes nothing, and the customer sees nothing of it."""
    desk = configured_helpdesks().get(slug)
    if desk is None:
        raise Http404
    body = _body(request)
    if body is None:
        return _problem(413, "The call is larger than 64 KB.")
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        call_id = desk.verify(headers, body, timezone.now())
    except NotProved as problem:
        logger.warning("a call of %s was refused: %s", slug, problem)
        return _problem(403, "The call does not show that it comes from the helpdesk.")
    try:
        call = _call(slug, call_id, desk.ticket_ref(_payload(body)), source_of(request))
        taken = helpdesk_calls.take(call, opens_case=settings.HELPDESK_OPENS == "case")
    except BadPayload as problem:
        return _problem(400, str(problem))
    except Replayed:
        return _problem(409, "This call was taken before. Nothing was changed.")
    except LimitReached as limit:
        response = _problem(429, "Too many calls.")
        response.headers["Retry-After"] = str(limit.retry_after)
        return response
    return JsonResponse({"state": taken, "ticket": call.ticket})


def _body(request: HttpRequest) -> bytes | None:
    """What was sent; None where it is too much, whether or not it says so."""
    try:
        if int(request.headers.get("Content-Length") or 0) > LARGEST:
            return None
        return request.body if len(request.body) <= LARGEST else None
    except (RequestDataTooBig, ValueError):
        return None


def _payload(body: bytes) -> dict[str, Any]:
    """Raises BadPayload."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise BadPayload("The body is not JSON.") from None
    if not isinstance(said, dict):
        raise BadPayload("The body is no JSON object.")
    return said


def _call(slug: str, call_id: str, told: Referral, source: str) -> Call:
    """Raises BadPayload."""
    chosen = article(told.article)
    if chosen is None:
        raise BadPayload("article is none of ours")
    try:
        address = parsed(told.address)
    except BadAddress as bad:
        raise BadPayload(f"address is not a usable e-mail address ({bad.code})") from None
    language = told.language if told.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    return Call(slug, call_id, told.ticket, chosen, told.company_id, address, language, source)


def _problem(status: int, detail: str) -> JsonResponse:
    """RFC 9457."""
    said = {"type": "about:blank", "status": status, "detail": detail}
    return JsonResponse(said, status=status, content_type="application/problem+json")
