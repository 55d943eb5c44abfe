"""The check script as a file, and where it reports: no page, no cookies, plain text that the script prints."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import condition, require_POST, require_safe

from diagnostics.content import BadContent
from diagnostics.looks import LONGEST, Malformed
from diagnostics.looks.script import read
from diagnostics.services import limits, network
from diagnostics.services.limits import LimitReached
from diagnostics.services.network import Reason, Refused
from portal import access
from portal.intake import limit_reached, words_for_limit
from portal.wizard import words
from portal.wizard.scripts import content

PLAIN = "text/plain; charset=utf-8"
FIVE_MINUTES = 300
STATUSES = {
    Reason.UNKNOWN: HTTPStatus.FORBIDDEN,
    Reason.OTHER_CASE: HTTPStatus.FORBIDDEN,
    Reason.OTHER_PORTS: HTTPStatus.BAD_REQUEST,
    Reason.USED_UP: HTTPStatus.CONFLICT,
    Reason.EXPIRED: HTTPStatus.GONE,
}


def _etag(request: HttpRequest, name: str) -> str:
    return f'"{hashlib.sha256(content(name)).hexdigest()}"'


@require_safe
@cache_control(public=True, max_age=FIVE_MINUTES)
@condition(etag_func=_etag)
def script_file(request: HttpRequest, name: str) -> HttpResponse:
    """One of the files of `scripts.FILES`, shown by a browser rather than run or saved by it."""
    shown = HttpResponse(content(name), content_type=PLAIN)
    shown.headers["Content-Disposition"] = f'inline; filename="{name}"'
    shown.headers["X-Content-Type-Options"] = "nosniff"
    return shown


@csrf_exempt
@never_cache
@require_POST
def report(request: HttpRequest) -> HttpResponse:
    """One report of the check script. The token in it is the right to send it; the same report again is as good."""
    body = _body(request)
    if body is None:
        return _said(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _("The report is too long. Name fewer ports at once."))
    source = access.source_of(request)
    try:
        limits.take([(limits.NETWORK_REPORT_BY_SOURCE, source)])
        told = read(body, network.verify_fresh)
        network.take_script(replace(told.look, source=source), told.secret)
    except LimitReached as limit:
        return limit_reached(_said(HTTPStatus.TOO_MANY_REQUESTS, words_for_limit(limit, typed=False)), limit)
    except Malformed as malformed:
        return _said(HTTPStatus.BAD_REQUEST, str(malformed))
    except Refused as refused:
        return _said(STATUSES[refused.reason], str(words.REPORT_REFUSED[refused.reason]))
    except BadContent:  # Whoever the case was about is no longer set up here.
        return _said(HTTPStatus.GONE, _("This help article is no longer part of this site."))
    return _said(HTTPStatus.CREATED, _("Received. The page that the command came from shows what it means."))


def _body(request: HttpRequest) -> bytes | None:
    """What was sent; None where it is more than a report can be."""
    try:
        return body if len(body := request.body) <= LONGEST else None
    except RequestDataTooBig:
        return None


def _said(status: HTTPStatus, sentence: str) -> HttpResponse:
    return HttpResponse(f"{sentence}\n", status=status, content_type=PLAIN)
