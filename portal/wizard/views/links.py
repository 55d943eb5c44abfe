"""Links that are keys: back to one's own case, and the read-only page for IT."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from diagnostics.models import LinkKind
from diagnostics.services.cases import link_of
from portal import access
from portal.wizard import recipes
from portal.wizard.casefile import read
from portal.wizard.causes import MOST_NAMED, causes
from portal.wizard.details import details_of, facts_of
from portal.wizard.for_it import link_to, refusals
from portal.wizard.overview import overview
from portal.wizard.views.case import or_gone, private


@require_safe
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Swap the token for a cookie and go on to the case's clean address."""
    link = link_of(token)
    if link is None or link.kind != LinkKind.OWNER:
        raise Http404
    response = redirect("wizard:case", link.case.reference)
    access.remember(response, link.case, token)
    return without_referrer(private(response))


@require_safe
@or_gone
def it(request: HttpRequest, token: str) -> HttpResponse:
    """What IT needs: findings, refusals, the list to allow, the provider's own steps. Nothing is changed here."""
    link = link_of(token)
    if link is None or link.kind != LinkKind.IT:
        raise Http404
    file = read(link.case, masked=True)
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
        "link": link_to(token),
    }
    return without_referrer(private(render(request, "wizard/it.html", context)))


def without_referrer(response: HttpResponse) -> HttpResponse:
    """For addresses that carry a token and pages without forms: browsers tell nobody where they came from.

    Pages with forms keep `same-origin`: under `no-referrer` browsers post `Origin: null`, which the CSRF check refuses.
    """
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
