"""A case's own pages: its home, and one page for each section of the article."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.functional import SimpleLazyObject
from django.utils.http import http_date
from django.views.decorators.http import require_safe
from django_htmx.middleware import HtmxDetails

from diagnostics.domain import Answer, Status
from diagnostics.models import Case, Purpose, Viewer
from diagnostics.services import views
from diagnostics.services.audit import Action, write
from diagnostics.services.standing import recent_standing
from portal import access
from portal.csrf import get_token
from portal.intake import Problem
from portal.wizard import questions, words
from portal.wizard.blocks import Forms, Page, blocks, message_part
from portal.wizard.casefile import CaseFile, ContentGone, etag_of, read
from portal.wizard.causes import causes_of, notes_of
from portal.wizard.changes import changes
from portal.wizard.details import details_of, facts_of, replies_of
from portal.wizard.endpoints import endpoints
from portal.wizard.incident import incident_of
from portal.wizard.network import picture
from portal.wizard.overview import overview, row
from portal.wizard.polling import etag
from portal.wizard.proof import proof
from portal.wizard.questions import AnswerForm

PARTS = {f"message-{purpose.value}": purpose for purpose in Purpose}
"""Ids of the parts of a page that show one test message."""


P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
Act = Callable[[HttpRequest, Case], HttpResponse]


def or_gone(view: View[P]) -> View[P]:
    """Where the case's article is no longer there, a page that says so (410, RFC 9110 section 15.5.11)."""

    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except ContentGone as gone:
            return private(render(request, "wizard/gone.html", {"case": gone.case}, status=410))

    return answer


@require_safe
@or_gone
def case(request: HttpRequest, reference: str) -> HttpResponse:
    """The home of the case; htmx gets the part that changes, or 304 while nothing did."""
    found = access.case_for(request, reference)
    if not _polled(request):
        _keep_look(request, found)
    return case_page(request, found, wanted=request.GET.get("answer", ""))


@require_safe
@or_gone
def section(request: HttpRequest, reference: str, section: str) -> HttpResponse:
    """One section of the article with the evidence that belongs to it."""
    return section_page(request, access.case_for(request, reference), section)


def case_page(
    request: HttpRequest,
    case: Case,
    *,
    problems: Sequence[Problem] = (),
    wanted: str = "",
    sent: AnswerForm | None = None,
) -> HttpResponse:
    """Also the answer to a POST that could not be done: then with what was wrong on top and the answer as it was sent.

    `wanted` is the question that the customer wants to answer anew.
    """
    file = read(case)
    unchanged = _unchanged(request, etag_of(file))
    if unchanged:
        return unchanged
    context = {
        **_common(request, file),
        "overview": overview(file),
        "question": sent or questions.form_for(file, wanted),
        "given": questions.given(file),
        "changes": changes(file),
        "proof": proof(file),
        "incident": incident_of(file),
        "problems": problems,
    }
    template = "wizard/case.html#progress" if _polled(request) else "wizard/case.html"
    return private(render(request, template, context), etag_of(file))


def section_page(
    request: HttpRequest, case: Case, slug: str, *, problems: Sequence[Problem] = (), sent: Forms | None = None
) -> HttpResponse:
    """Also the answer to a POST that could not be done: then with the forms as they were sent."""
    file = read(case)
    section = file.article.section(slug)
    if section is None:
        raise Http404
    unchanged = _unchanged(request, etag_of(file))
    if unchanged:
        return unchanged
    page = Page(file, section, request, sent or {})
    if _polled(request) and (purpose := PARTS.get(HtmxDetails(request).target or "")):
        part = {**_common(request, file), "section": section, "part": message_part(page, purpose)}
        return private(render(request, "components/test_message.html", part), etag_of(file))
    if _polled(request) and HtmxDetails(request).target == "network-result":
        part = {**_common(request, file), "section": section, "picture": picture(file)}
        return private(render(request, "components/network_result.html", part))
    context = {**_common(request, file), **_section(page), "problems": problems}
    template = "wizard/section.html#findings" if _polled(request) else "wizard/section.html"
    return _may_ask(private(render(request, template, context), etag_of(file)), page)


def private(response: HttpResponse, etag: str = "") -> HttpResponse:
    """For the holder of the link alone: kept nowhere, found by no search engine."""
    response.headers["Expires"] = http_date()
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    if etag:
        response.headers["ETag"] = etag
    return response


def _keep_look(request: HttpRequest, case: Case) -> None:
    """Whoever comes without a token is an agent: nobody else was let in."""
    if access.holds(request, case):
        views.seen(case, Viewer.OWNER)
        return
    actor = access.actor_of(request)
    with transaction.atomic():
        if views.seen(case, Viewer.AGENT, actor.name):
            write(actor, Action.CASE_READ, reference=case.reference)


def on_record(act: Act, request: HttpRequest, case: Case) -> HttpResponse:
    """The answer to a POST; what an agent does in the customer's place is written into the audit trail."""
    if access.holds(request, case):
        return act(request, case)
    with transaction.atomic():
        response = act(request, case)
        if response.status_code < 400:
            write(access.actor_of(request), Action.CUSTOMERS_PAGE_USED, reference=case.reference, did=act.__name__)
    return response


def _common(request: HttpRequest, file: CaseFile) -> dict[str, Any]:
    token = access.token_held(request, file.case.reference)
    return {
        "file": file,
        "case": file.case,
        "article": file.article,
        "vendor": file.vendor,
        "own_link": settings.PORTAL_URL + reverse("wizard:open_link", args=[token]) if token else "",
        "etag": etag_of(file),
        "csrf_token": SimpleLazyObject(partial(get_token, request)),
    }


def _section(page: Page) -> dict[str, Any]:
    file, section = page.file, page.section
    sections = file.article.sections
    position = sections.index(section)
    answers = file.diagnosis.answers if file.diagnosis else ()
    found = causes_of(file, section.questions)
    return {
        "section": section,
        "row": row(file, section),
        "causes": found,
        "notes": notes_of(file, section.questions),
        "answers": [
            {
                "question": words.QUESTIONS.get(one.question, one.question),
                "status": one.status,
                "word": words.STATUSES[one.status],
                "why": words.GAPS[one.gap]
                if one.gap
                else words.NOT_CHECKED_LINES.get(one.question, "")
                if one.status.value == "not_checked"
                else "",
            }
            for one in answers
            if one.question in section.questions and not _left_to_the_customer(one)
        ],
        "facts": facts_of(file, section.questions),
        "replies": replies_of(file, section.questions),
        "details": details_of(file, section.questions),
        "blocks": blocks(page),
        "tests_network": bool(_origins(page)),
        "position": position + 1,
        "previous": sections[position - 1] if position else None,
        "next": sections[position + 1] if position + 1 < len(sections) else None,
    }


def _may_ask(response: HttpResponse, page: Page) -> HttpResponse:
    """The page that tests the customer's network may connect to exactly what it is to try, and no other page to any."""
    if origins := _origins(page):
        response._csp_update = {"connect-src": origins}  # type: ignore[attr-defined]  # read by django-csp
    return response


def _origins(page: Page) -> list[str]:
    return [one.origin for one in endpoints(page.file.vendor)] if "network" in page.section.blocks else []


def _left_to_the_customer(answer: Answer) -> bool:
    """Not checked by anyone yet, because only the customer can tell: asked on the case's home, no row by itself."""
    return answer.status is Status.NOT_CHECKED and answer.question in words.LEFT_TO_THE_CUSTOMER


def _polled(request: HttpRequest) -> bool:
    return request.META.get("HTTP_HX_REQUEST") == "true"


def nothing_new(request: HttpRequest, reference: str, section: str = "") -> HttpResponse | None:
    """304 without anything being read, where the page of whoever holds the link showed all this a moment ago; also for
    a section's.
    """
    if not (_polled(request) and "HTTP_IF_NONE_MATCH" in request.META):
        return None
    token = access.token_held(request, reference)
    found = recent_standing(token, reference) if token else None
    return _unchanged(request, etag(found, timezone.now())) if found else None


def _unchanged(request: HttpRequest, current: str) -> HttpResponse | None:
    """304 where the page that asks shows all this already; only for polls, a reload is always answered in full."""
    if not _polled(request):
        return None
    answer = get_conditional_response(request, etag=current)
    return private(answer, current) if isinstance(answer, HttpResponse) else None
