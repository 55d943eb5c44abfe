"""Signed links for customers: an agent makes, sees and revokes them, for a case or for a ticket that has none yet."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_POST

from diagnostics.addresses import mask
from diagnostics.articles import article as find_article
from diagnostics.articles import articles
from diagnostics.domain import Status
from diagnostics.models import Case, DeepLink, TicketNote
from diagnostics.services.audit import Action, write
from diagnostics.services.deep_links import issue_link, issue_link_for, revoke, vouched
from diagnostics.services.ticket_notes import try_again
from portal.access import actor_of
from portal.console.access import needs
from portal.console.words import Tag
from portal.intake import LONGEST_COMPANY_ID, AddressField, problems_of
from portal.roles import Right

MOST_SHOWN = 50


class LinkForm(forms.Form):
    """Whom the link is for, where no case says it."""

    article = forms.ChoiceField(label=_lazy("Article"))
    company_id = forms.CharField(
        label=_lazy("Company ID"),
        max_length=LONGEST_COMPANY_ID,
        error_messages={
            "required": _lazy("Enter the company ID"),
            "max_length": _lazy("The company ID can have 64 characters at most"),
        },
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    address = AddressField(label=_lazy("The customer’s e-mail address"))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["article"] = forms.ChoiceField(
            label=_lazy("Article"), choices=[(one.slug, one.title) for one in articles().values()]
        )

    def clean_company_id(self) -> str:
        company_id: str = self.cleaned_data["company_id"]
        if not company_id.isprintable():
            raise forms.ValidationError(_("The company ID contains invisible characters: type it"))
        return company_id


@dataclass(frozen=True, slots=True)
class Row:
    """One link; its address is known to nobody any more."""

    link: DeepLink

    @property
    def address(self) -> str:
        return mask(self.link.address)

    @property
    def live(self) -> bool:
        return self.link.revoked_at is None and self.link.expires_at > timezone.now()

    @property
    def state(self) -> Tag:
        if self.link.revoked_at:
            return Tag(Status.DOES_NOT_APPLY, _("Revoked"))
        if not self.live:
            return Tag(Status.DOES_NOT_APPLY, _("Expired"))
        if self.link.opened_by:
            return Tag(Status.FINE, _("Opened"))
        return Tag(Status.NOT_CHECKED, _("Not opened yet"))


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.ACT)
def of_case(request: HttpRequest, reference: str) -> HttpResponse:
    """The case's links; POST makes one, which is shown this once."""
    case = get_object_or_404(Case, reference=reference)
    url = ""
    if request.method == "POST":
        article = find_article(case.article)
        if article is None:
            messages.warning(request, _("This case’s article is no longer here, so no link can open it."))
            return redirect("console:case_links", case.reference)
        url = _url(issue_link_for(actor_of(request), case, article=article))
    of_its_ticket = Q(helpdesk=case.helpdesk, ticket=case.ticket) if case.ticket else Q()
    found = DeepLink.objects.filter(Q(case=case) | of_its_ticket)
    context = {"case": case, "rows": _rows(found), "url": url, "same_case": vouched(case)}
    return render(request, "console/links.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.ACT)
def of_ticket(request: HttpRequest, helpdesk: str, ticket: str) -> HttpResponse:
    """The ticket's links; POST makes one for whoever the form names, which is shown this once."""
    form = LinkForm(request.POST if request.method == "POST" else None)
    url = ""
    if form.is_valid():
        article = find_article(form.cleaned_data["article"])
        assert article is not None  # noqa: S101 - the form knows no others
        url = _url(
            issue_link(
                actor_of(request),
                article=article,
                company_id=form.cleaned_data["company_id"],
                address=form.cleaned_data["address"],
                helpdesk=helpdesk,
                ticket=ticket,
            )
        )
        form = LinkForm()
    found = DeepLink.objects.filter(helpdesk=helpdesk, ticket=ticket)
    context = {"helpdesk": helpdesk, "ticket": ticket, "rows": _rows(found), "url": url, "form": form}
    context["problems"] = problems_of(form)
    return render(request, "console/links.html", context)


@require_POST
@needs(Right.ACT)
def revoke_one(request: HttpRequest, pk: int) -> HttpResponse:
    """The link opens nothing any more; its case stays."""
    link = get_object_or_404(DeepLink.objects.select_related("case"), pk=pk)
    if revoke(actor_of(request), link):
        messages.success(request, _("The link is revoked. Whoever is in the case already stays there."))
    else:
        messages.warning(request, _("The link was not live any more."))
    return redirect(_page_of(link))


@require_POST
@needs(Right.ACT)
def note_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Try a note again that did not get onto its ticket."""
    note = get_object_or_404(TicketNote.objects.select_related("case"), pk=pk)
    with transaction.atomic():
        tried = try_again(note)
        if tried:
            reference = note.case.reference if note.case else ""
            write(actor_of(request), Action.TICKET_NOTE_RETRIED, reference=reference, note=note.pk)
    if tried:
        messages.success(request, _("The note is tried again, unless it is on the ticket already."))
    else:
        messages.warning(request, _("The note is on its way, or on the ticket already."))
    return redirect("console:case", note.case.reference) if note.case else redirect(_ticket_page(note))


def _rows(links: QuerySet[DeepLink]) -> list[Row]:
    return [Row(link) for link in links.select_related("case").order_by("-pk")[:MOST_SHOWN]]


def _url(token: str) -> str:
    return f"{settings.PORTAL_URL}{reverse('helpdesk:link', args=[token])}"


def _page_of(link: DeepLink) -> str:
    return reverse("console:case_links", args=[link.case.reference]) if link.case else _ticket_page(link)


def _ticket_page(of: DeepLink | TicketNote) -> str:
    try:
        return reverse("console:ticket_links", args=[of.helpdesk, of.ticket])
    except NoReverseMatch:
        return reverse("console:cases")
