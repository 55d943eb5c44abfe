"""The page's test of the customer's own network: what it is to try, what time it is here, and what it saw."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from diagnostics.domain import Vantage
from diagnostics.looks import LONGEST, Malformed, browser
from diagnostics.models import Case
from diagnostics.services import network
from diagnostics.services.limits import LimitReached
from diagnostics.services.network import Reason, Refused
from portal import access
from portal.intake import limit_reached, words_for_limit
from portal.wizard.casefile import CaseFile, ContentGone, content_for, read
from portal.wizard.endpoints import endpoints
from portal.wizard.network import picture
from portal.wizard.views.case import Act, on_record, private

TRY_SECONDS = 12
"""How long the page waits for one answer: longer than any network that works, shorter than the customer's patience."""
STATUSES = {
    Reason.UNKNOWN: HTTPStatus.CONFLICT,
    Reason.OTHER_CASE: HTTPStatus.CONFLICT,
    Reason.OTHER_PORTS: HTTPStatus.CONFLICT,
    Reason.USED_UP: HTTPStatus.CONFLICT,
    Reason.EXPIRED: HTTPStatus.GONE,
}


@require_GET
def now(request: HttpRequest) -> HttpResponse:
    """The portal's clock, and the sign that the portal itself is reached from where the page is."""
    return private(JsonResponse({"now": time.time_ns() // 1_000_000}))


def asked_by_script(act: Act) -> Callable[..., HttpResponse]:
    """A POST by the page's own script: what goes wrong is said in JSON, which the page shows in place."""

    @require_POST
    @wraps(act)
    def view(request: HttpRequest, reference: str) -> HttpResponse:
        case = access.case_for(request, reference)
        try:
            return private(on_record(act, request, case))
        except ContentGone:
            return private(_problem(HTTPStatus.GONE, _("This help article is no longer part of this site.")))
        except LimitReached as limit:
            words = words_for_limit(limit, typed=False)
            return private(limit_reached(_problem(HTTPStatus.TOO_MANY_REQUESTS, words), limit))

    return view


@asked_by_script
def start(request: HttpRequest, case: Case) -> HttpResponse:
    """Begin a test: the page learns its name and what to try."""
    _article, vendor = content_for(case)
    asked = endpoints(vendor)
    if not asked:
        return _problem(HTTPStatus.CONFLICT, _("No test point is set up for this article, so there is nothing to try."))
    test = network.begin(case, Vantage.BROWSER)
    ports = [
        {
            "host": one.host,
            "port": one.port,
            "url": f"{one.origin}/e?n={test.nonce}&once",
            "turn": one.turn,
        }
        for one in asked
    ]
    plan = {
        "nonce": test.nonce,
        "seconds": TRY_SECONDS,
        "ports": ports,
        "now": reverse("wizard:network_now"),
        "report": reverse("wizard:network", args=[case.reference]),
        "public": settings.HTTPS,
    }
    return JsonResponse(plan)


@asked_by_script
def report(request: HttpRequest, case: Case) -> HttpResponse:
    """What the page saw, added to the case; the answer is the part of the page that shows it."""
    try:
        body = request.body
    except RequestDataTooBig:
        return _too_long()
    if len(body) > LONGEST:
        return _too_long()
    content_for(case)
    try:
        look = browser.read(body, network.verify_fresh)
        network.take_browser(case, replace(look, source=access.source_of(request)))
    except Malformed:
        return _problem(HTTPStatus.BAD_REQUEST, _("Something went wrong with the report. Load the page again."))
    except Refused as refused:
        return _problem(STATUSES[refused.reason], _words_of(refused.reason))
    return result(request, read(case))


def result(request: HttpRequest, file: CaseFile) -> HttpResponse:
    """The part of the page that shows what every place saw, alone."""
    section = next((one for one in file.article.sections if "network" in one.blocks), None)
    if section is None:
        raise Http404
    context = {"picture": picture(file), "case": file.case, "section": section}
    return render(request, "components/network_result.html", context)


def _too_long() -> HttpResponse:
    return _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _("The report is too long. Load the page again."))


def _words_of(reason: Reason) -> str:
    match reason:
        case Reason.EXPIRED:
            return _("This test is too old to be counted. Test again.")
        case Reason.USED_UP:
            return _("This test has been counted before. Test again.")
        case Reason.UNKNOWN | Reason.OTHER_CASE | Reason.OTHER_PORTS:
            return _("This test does not belong to this page any more. Load the page again.")


def _problem(status: HTTPStatus, words: str) -> HttpResponse:
    problem: dict[str, Any] = {"problem": words}
    return JsonResponse(problem, status=status)
