"""The pages for support agents: every case, everything that is known of one, and the way to it from a ticket."""

from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST, require_safe

from diagnostics.articles import articles
from diagnostics.models import Case
from diagnostics.services.cases import start_run
from diagnostics.services.limits import LimitReached
from portal.console.access import needs
from portal.console.history import history_of
from portal.console.listing import page_of
from portal.console.our_side import our_side
from portal.console.suppression import panel_of
from portal.roles import Right

LONGEST_QUERY = 254
"""As long as the longest address; nothing that can be searched for is longer."""
ASKED_BY_LENGTH = 20


class SearchForm(forms.Form):
    q = forms.CharField(
        label=_lazy("Search"),
        help_text=_lazy("Address, domain, company ID, ticket or case reference."),
        required=False,
        max_length=LONGEST_QUERY,
        error_messages={
            "max_length": _lazy("That is too long to be found: nothing here has more than 254 characters."),
            "null_characters_not_allowed": _lazy("That contains invisible characters: type it instead of pasting it."),
        },
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "spellcheck": "false"}),
    )


@require_safe
@needs(Right.READ)
def cases(request: HttpRequest) -> HttpResponse:
    """All cases, or those that the search finds, newest first."""
    form = SearchForm(request.GET)
    query = form.cleaned_data["q"] if form.is_valid() else ""
    found = Case.objects.matching(query) if form.is_valid() else Case.objects.none()
    page = page_of(found, request.GET.get("after", ""))
    following = urlencode({"q": query, "after": page.cursor} if query else {"after": page.cursor})
    context = {"form": form, "query": query, "page": page, "next_url": f"?{following}" if page.cursor else ""}
    return render(request, "console/cases.html", context)


@require_safe
@needs(Right.READ)
def case(request: HttpRequest, reference: str) -> HttpResponse:
    """One case with its whole history."""
    found = get_object_or_404(Case, reference=reference)
    context = {"case": found, "stories": history_of(found), "ticket_url": _ticket_url(found)}
    context["our_side"] = our_side(found.vendor)
    context["panel"] = panel_of(found)
    return render(request, "console/case.html", context)


@require_POST
@needs(Right.ACT)
def again(request: HttpRequest, reference: str) -> HttpResponse:
    """Start another run; a run that is still going is as good."""
    found = get_object_or_404(Case, reference=reference)
    try:
        run = start_run(found, asked_by=request.user.get_username()[:ASKED_BY_LENGTH])
    except LimitReached as limit:
        messages.warning(request, _("Checked too often just now. Try again in %d s.") % limit.retry_after)
    else:
        messages.success(request, _("Run %d is under way. Reload this page for the latest results.") % run.number)
    return redirect("console:case", found.reference)


@require_safe
@needs(Right.READ)
def ticket(request: HttpRequest, helpdesk: str, ticket: str) -> HttpResponse:
    """From a ticket to its case: the only one, a choice of several, or a link that starts the first."""
    found = Case.objects.filter(helpdesk=helpdesk, ticket=ticket)
    page = page_of(found, request.GET.get("after", ""))
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


def _ticket_url(case: Case) -> str:
    """Empty for a ticket that no address leads to, because the helpdesk is not known or it is written oddly."""
    try:
        return reverse("console:ticket", args=[case.helpdesk, case.ticket])
    except NoReverseMatch:
        return ""


def _language() -> str:
    return get_language() or settings.LANGUAGE_CODE


def _start_url(article: str, helpdesk: str, ticket: str) -> str:
    query = urlencode({"hd": helpdesk, "t": ticket})
    return f"{settings.PORTAL_URL}{reverse('helpdesk:go', args=[article])}?{query}"
