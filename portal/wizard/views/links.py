"""Links that are keys: back to one's own case, and the read-only page for IT."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from diagnostics.models import Case, LinkKind, Viewer
from diagnostics.services import views
from diagnostics.services.cases import link_of
from diagnostics.services.limits import LimitReached
from portal import access, recipes
from portal.intake import limit_reached, words_for_limit
from portal.wizard import check_script
from portal.wizard.casefile import content_for, read
from portal.wizard.causes import MOST_NAMED, causes
from portal.wizard.details import details_of, facts_of
from portal.wizard.endpoints import endpoints
from portal.wizard.for_it import firewall_rule, link_to, refusals
from portal.wizard.network import picture
from portal.wizard.overview import overview
from portal.wizard.views.case import or_gone, private


@require_safe
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Swap the token for a cookie and go on to the case's clean address."""
    link = link_of(token)
    if link is None or link.kind != LinkKind.OWNER:
        raise Http404
    return _let_in(redirect("wizard:case", link.case.reference), link.case, token)


@require_safe
@or_gone
def open_section(request: HttpRequest, token: str, section: str) -> HttpResponse:
    """The same, on to one section: for the phone that scanned a section's QR code."""
    link = link_of(token)
    if link is None or link.kind != LinkKind.OWNER:
        raise Http404
    article, _vendor = content_for(link.case)
    if article.section(section) is None:
        raise Http404
    return _let_in(redirect("wizard:section", link.case.reference, section), link.case, token)


def _let_in(response: HttpResponse, case: Case, token: str) -> HttpResponse:
    access.remember(response, case, token)
    return without_referrer(private(response))


@require_safe
@or_gone
def it(request: HttpRequest, token: str) -> HttpResponse:
    """What IT needs: findings, refusals, the list to allow, the provider's own steps, the check script's commands.

    Nothing is changed here, but that somebody looked is kept.
    """
    case = _case_for_it(token)
    views.seen(case, Viewer.IT)
    return _it_page(request, token, case)


@csrf_exempt  # the token in the address is the right to do it, and no other site knows it
@require_http_methods(["GET", "HEAD", "POST"])
@or_gone
def it_script(request: HttpRequest, token: str) -> HttpResponse:
    """Make new commands for the check script, when the last ones have ended."""
    case = _case_for_it(token)
    if request.method == "POST":
        _article, vendor = content_for(case)
        try:
            check_script.make(case, vendor)
        except LimitReached as limit:
            problem = words_for_limit(limit, typed=False)
            return limit_reached(_it_page(request, token, case, problem), limit)
    response = redirect(reverse("wizard:it", args=[token]) + "#script-heading")
    response.status_code = 303
    return without_referrer(private(response))


def _case_for_it(token: str) -> Case:
    link = link_of(token)
    if link is None or link.kind != LinkKind.IT:
        raise Http404
    return link.case


def _it_page(request: HttpRequest, token: str, case: Case, problem: str = "") -> HttpResponse:
    file = read(case, masked=True)
    context = {
        "file": file,
        "case": file.case,
        "article": file.article,
        "vendor": file.vendor,
        "overview": overview(file),
        "causes": causes(file)[:MOST_NAMED],
        "refusals": refusals(file),
        "facts": facts_of(file, file.article.questions),
        "details": details_of(file, file.article.questions),
        "allowlist": recipes.allowlist(file.vendor),
        "recipes": [recipes.recipe(one, file.vendor, address=file.address) for one in file.providers],
        "picture": picture(file),
        "firewall_rule": firewall_rule(file.vendor),
        "script": check_script.live(case, file.vendor),
        "can_test": bool(endpoints(file.vendor)),
        "problem": problem,
        "token": token,
        "link": link_to(token),
    }
    return without_referrer(private(render(request, "wizard/it.html", context)))


def without_referrer(response: HttpResponse) -> HttpResponse:
    """For addresses that carry a token and pages without forms: browsers tell nobody where they came from.

    Pages with forms keep `same-origin`: under `no-referrer` browsers post `Origin: null`, which the CSRF check refuses.
    """
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
