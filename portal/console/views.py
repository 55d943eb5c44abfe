"""The pages for support agents: every case, everything that is known of one, and the way to it from a ticket."""

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from diagnostics.articles import articles
from diagnostics.models import Case
from portal.console.access import needs
from portal.console.filters import CaseFilters, url
from portal.console.listing import Page, page_of
from portal.console.slices import Selection
from portal.roles import Right


@require_safe
@needs(Right.READ)
def cases(request: HttpRequest) -> HttpResponse:
    """All cases, or those that the search and the filters let through, newest first."""
    filters = CaseFilters(request.GET)
    after = request.GET.get("after", "")
    if not filters.is_valid():
        return render(request, "console/cases.html", {"filters": filters, "page": Page(())})
    if filters.wordy:
        return HttpResponseRedirect(url({**filters.query, "after": after}))
    page = page_of(filters.selection, after, until=filters.end)
    context = {
        "filters": filters,
        "page": page,
        "first_url": "" if page.first else url(filters.query),
        "next_url": url({**filters.query, "after": page.cursor}) if page.cursor else "",
    }
    return render(request, "console/cases.html", context)


@require_safe
@needs(Right.READ)
def ticket(request: HttpRequest, helpdesk: str, ticket: str) -> HttpResponse:
    """From a ticket to its case: the only one, a choice of several, or a link that starts the first."""
    found = Case.objects.filter(helpdesk=helpdesk, ticket=ticket)
    page = page_of(Selection(found), request.GET.get("after", ""))
    if len(page.rows) == 1 and not request.GET:
        return redirect("console:case", page.rows[0].case.reference)
    context = {
        "helpdesk": helpdesk,
        "ticket": ticket,
        "page": page,
        "next_url": f"?{urlencode({'after': page.cursor})}" if page.cursor else "",
        "starts": [(one.title, _start_url(one.slug, helpdesk, ticket)) for one in articles(_language()).values()],
    }
    return render(request, "console/ticket.html", context)


def _language() -> str:
    return get_language() or settings.LANGUAGE_CODE


def _start_url(article: str, helpdesk: str, ticket: str) -> str:
    query = urlencode({"hd": helpdesk, "t": ticket})
    return f"{settings.PORTAL_URL}{reverse('helpdesk:go', args=[article])}?{query}"
