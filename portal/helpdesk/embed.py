"""The card that a helpdesk shows beside a ticket, in a frame of its own pages and of nobody else's.

These views neither set nor read a cookie: what is shown is allowed by a token alone, and by the origin in it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from diagnostics.codec import Unreadable
from diagnostics.helpdesks import NotProved, configured_helpdesks
from diagnostics.helpdesks.zendesk import TICKET, Zendesk
from diagnostics.models import Case, CaseState
from diagnostics.services import audit, embeds
from diagnostics.services.audit import Action, Actor
from diagnostics.services.deep_links import vouched
from diagnostics.services.embeds import BadToken, Expired
from diagnostics.services.helpdesk_calls import Replayed, once
from diagnostics.services.note_text import VERDICTS, headline_of, sureness_of, who_of
from diagnostics.services.runs import diagnosis_of
from portal.access import source_of

logger = logging.getLogger(__name__)
PASS_SALT = "portal.helpdesk.zendesk"  # noqa: S105 - no secret: it keeps tokens of one purpose from another
LONGEST_TOKEN = 4096
LOOKED_AT = 20
"""Of a ticket's cases, the newest."""


@dataclass(frozen=True, slots=True)
class Card:
    """What an agent sees beside the ticket. `headline` is empty where no cause was found; nothing names a mailbox."""

    case: Case
    verdict: str
    headline: str
    sureness: str
    who: str
    resolved: bool
    console_url: str


@xframe_options_exempt
@never_cache
@require_safe
def card(request: HttpRequest, token: str) -> HttpResponse:
    """A case's summary, for ten minutes."""
    try:
        allowed = embeds.read(token)
    except BadToken:
        return _page("embed/gone.html", {"expired": False}, status=404)
    except Expired as expired:
        return _page("embed/gone.html", {"expired": True}, origin=_known(expired.origin), status=410)
    case = Case.objects.filter(reference=allowed.reference).first()
    origin = _known(allowed.origin)
    if case is None or not origin:
        return _page("embed/gone.html", {"expired": False}, status=404)
    unsigned = not (vouched(case) or case.api_client_id)
    context = {"card": _card(case), "unsigned": unsigned, "reload_url": reverse("helpdesk:embed", args=[token])}
    return _page("embed/card.html", context, origin=origin)


@xframe_options_exempt
@csrf_exempt
@never_cache
@require_POST
def zendesk(request: HttpRequest) -> HttpResponse:
    """Zendesk opens the app in the sidebar, with a signed token in its first request only: it is taken once.

    Which ticket it is, Zendesk tells the page's script.
    """
    desk = _zendesk()
    try:
        once(desk.slug, desk.verify_app(request.POST.get("token", "")[:LONGEST_TOKEN]))
    except (NotProved, Replayed) as problem:
        logger.warning("the sidebar app of zendesk was refused: %s", str(problem) or "its token was used before")
        return _page("embed/refused.html", {}, origin=desk.origin, status=403)
    context = {
        "pass": signing.TimestampSigner(salt=PASS_SALT).sign(desk.slug),
        "origin": desk.origin,
        "app": request.GET.get("app_guid", "")[:100],
    }
    return _page("embed/zendesk.html", context, origin=desk.origin)


@xframe_options_exempt
@csrf_exempt
@never_cache
@require_POST
def zendesk_ticket(request: HttpRequest) -> HttpResponse:
    """The ticket that is open in Zendesk, said by the page that `zendesk` answered with: on to its newest case."""
    desk = _zendesk()
    try:
        shown = request.POST.get("pass", "")[:LONGEST_TOKEN]
        signing.TimestampSigner(salt=PASS_SALT).unsign(shown, max_age=embeds.LIFETIME)
    except signing.BadSignature:
        return _page("embed/refused.html", {}, origin=desk.origin, status=403)
    ticket = request.POST.get("ticket", "")
    if not TICKET.fullmatch(ticket):
        return _page("embed/refused.html", {}, origin=desk.origin, status=400)
    case = _case_of(desk.slug, ticket)
    if case is None:
        agent_url = f"{settings.PORTAL_URL}{reverse('helpdesk:agent', args=[desk.slug, ticket])}"
        return _page("embed/no_case.html", {"agent_url": agent_url}, origin=desk.origin)
    audit.write(Actor("helpdesk", desk.slug, source_of(request)), Action.CASE_READ, reference=case.reference, card=True)
    response = redirect("helpdesk:embed", embeds.mint(case, desk.origin))
    response.status_code = 303
    return _guarded(response, desk.origin)


def _case_of(helpdesk: str, ticket: str) -> Case | None:
    """The ticket's newest case. Anybody can open one that names a ticket: it stands back behind one that the helpdesk
    itself led to.
    """
    newest = list(Case.objects.filter(helpdesk=helpdesk, ticket=ticket).newest_first()[:LOOKED_AT])
    return next((case for case in newest if vouched(case) or case.api_client_id), newest[0] if newest else None)


def _zendesk() -> Zendesk:
    """Raises Http404 where the sidebar app is not set up."""
    desk = configured_helpdesks().get("zendesk")
    if not isinstance(desk, Zendesk) or not desk.app_key:
        raise Http404
    return desk


def _known(origin: str) -> str:
    """The origin, if it still is one of a helpdesk that the settings name; else empty."""
    return origin if origin in {desk.origin for desk in configured_helpdesks().values()} else ""


def _card(case: Case) -> Card:
    run = case.runs.order_by("-number").first()
    try:
        diagnosis = diagnosis_of(run) if run and run.finished else None
    except Unreadable:
        diagnosis = None
    cause = diagnosis.causes[0] if diagnosis and diagnosis.causes else None
    with translation.override(settings.HELPDESK_LANGUAGE):
        return Card(
            case=case,
            verdict=str(VERDICTS.get(run.verdict, "")) if run and run.finished else "",
            headline=headline_of(cause.cause, case, cause.facts) if cause else "",
            sureness=sureness_of(cause) if cause else "",
            who=who_of(cause) if cause else "",
            resolved=case.state == CaseState.RESOLVED,
            console_url=f"{settings.PORTAL_URL}/console/cases/{case.reference}/",
        )


def _page(template: str, context: Mapping[str, object], *, origin: str = "", status: int = 200) -> HttpResponse:
    """Made without the request, so that neither session nor account is asked for."""
    with translation.override(settings.HELPDESK_LANGUAGE):
        content = render_to_string(template, {**context, "now": timezone.now()})
    return _guarded(HttpResponse(content, status=status), origin)


def _guarded(response: HttpResponse, origin: str) -> HttpResponse:
    """Only pages of that very origin may frame it; without one nobody may."""
    response._csp_replace = {"frame-ancestors": [origin or "'none'"]}  # type: ignore[attr-defined]
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
