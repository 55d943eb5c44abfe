"""The start page of an article: one short form that opens a case. Shared by the faces that lead to it."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from diagnostics.addresses import AddressFault, BadAddress, parse_address, suggest
from diagnostics.domain import Address, Article
from diagnostics.models import Case
from diagnostics.services import proofs
from diagnostics.services.cases import HELPDESK, TICKET, Report, mint_link_for_visitor, new_token, open_case
from diagnostics.services.limits import LimitReached, ProofNeeded
from diagnostics.services.proofs import ProofRefused
from diagnostics.services.queue_cap import QueueFull
from diagnostics.vendors import vendor
from portal import access, away, proving
from portal.csrf import get_token
from portal.moulds import Moulds

TEMPLATE = "wizard/start.html"
LONGEST_COMPANY_ID = 64
SUBMISSION = re.compile(r"[A-Za-z0-9_-]{1,64}")
HIDDEN = {"submission": SUBMISSION, "helpdesk": HELPDESK, "ticket": TICKET}
"""What comes with the page, typed by nobody, and what it looks like where it is usable."""
SAME_REPORT = timedelta(minutes=10)
"""The same report from the same browser within this time leads back to its case."""

_empty = Moulds("csrf_token", "submission")

ADDRESS_FAULTS = {
    AddressFault.EMPTY: _("Enter your e-mail address"),
    AddressFault.CONTROL_CHARACTERS: _(
        "The e-mail address contains invisible characters: type it instead of pasting it"
    ),
    AddressFault.TOO_LONG: _("The e-mail address is too long: it can have 254 characters, and 64 before the @"),
    AddressFault.SPACES_INSIDE: _("The e-mail address must not contain spaces"),
    AddressFault.NO_AT: _("The e-mail address needs an @, like name@example.org"),
    AddressFault.SEVERAL_AT: _("The e-mail address must have exactly one @"),
    AddressFault.LOCAL_PART_MISSING: _("Something is missing before the @, like name@example.org"),
    AddressFault.DOMAIN_MISSING: _("Something is missing after the @, like name@example.org"),
    AddressFault.BAD_LOCAL_PART: _("The part before the @ contains a character or a dot that cannot be there"),
    AddressFault.LITERAL: _("After the @ there must be a name like example.org, not an IP address"),
    AddressFault.LOCALHOST: _("Enter an address that can be reached from the internet, like name@example.org"),
    AddressFault.BAD_DOMAIN: _("The part after the @ contains something that cannot be in a domain name"),
    AddressFault.NO_PUBLIC_SUFFIX: _("The part after the @ is not a complete domain: it should end like .com or .org"),
}
ASKED_AT = (
    ("now", _("Within the last minute")),
    ("minutes", _("Some minutes ago")),
    ("earlier", _("Longer ago, or on another day")),
    ("several", _("Several times")),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One line of the error summary; `target` is the id of the field it is about."""

    message: str
    target: str = ""


class AddressField(forms.CharField):
    """An e-mail address as people type it, cleaned to a `domain.Address`."""

    def __init__(self, **kwargs: Any) -> None:
        attributes = {
            "type": "email",
            "inputmode": "email",
            "autocomplete": "email",
            "autocapitalize": "none",
            "spellcheck": "false",
        }
        kwargs.setdefault("widget", forms.TextInput(attrs=attributes))
        # Cut nothing off and let Django refuse nothing: parse_address knows the better words.
        super().__init__(strip=False, empty_value="", required=False, **kwargs)

    def run_validators(self, value: Any) -> None:
        """Django's own words (for NUL characters) are replaced by those of ADDRESS_FAULTS."""

    def clean(self, value: Any) -> Any:
        try:
            return parsed(super().clean(value))
        except BadAddress as bad:
            raise forms.ValidationError(ADDRESS_FAULTS[bad.code], code=bad.code) from bad


class StartForm(forms.Form):
    """Company, address, and, where the article is for devices, which one; the rest comes with the page."""

    company_id = forms.CharField(
        label=_("Company ID"),
        help_text=_("You find it on your account page."),
        max_length=LONGEST_COMPANY_ID,
        error_messages={
            "required": _("Enter your company ID"),
            "max_length": _("The company ID can have 64 characters at most"),
            "null_characters_not_allowed": _(
                "The company ID contains invisible characters: type it instead of pasting it"
            ),
        },
        widget=forms.TextInput(attrs={"autocomplete": "organization", "spellcheck": "false", "autocapitalize": "none"}),
    )
    address = AddressField(
        label=_("Administrator’s e-mail address"), help_text=_("The address that the code should come to.")
    )
    device_model = forms.ChoiceField(label=_("Clock model (optional)"), required=False)
    asked_at = forms.ChoiceField(
        label=_("When did you ask for the code? (optional)"),
        choices=ASKED_AT,
        required=False,
        error_messages={"invalid_choice": _("Choose one of the answers here, or none")},
        widget=forms.RadioSelect,
    )
    submission = forms.CharField(widget=forms.HiddenInput, required=False)
    helpdesk = forms.CharField(widget=forms.HiddenInput, required=False)
    ticket = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, data: Mapping[str, str] | None = None, *, article: Article, initial: Mapping[str, str] | None = None
    ) -> None:
        # A page without its random value still opens a case; it only cannot be told apart from a second one.
        fresh = {"submission": secrets.token_urlsafe(16)}
        super().__init__(None if data is None else fresh | _usable(data), initial=fresh | dict(initial or {}))
        if article.models:
            choices = [("", _("Choose a model")), *((model, model) for model in article.models)]
            self.fields["device_model"] = forms.ChoiceField(
                label=_("Clock model (optional)"),
                required=False,
                choices=choices,
                error_messages={"invalid_choice": _("Choose a clock model from the list, or none")},
            )
        else:
            del self.fields["device_model"]

    def clean_company_id(self) -> str:
        company_id: str = self.cleaned_data["company_id"]
        if any(unicodedata.category(character)[0] == "C" for character in company_id):
            raise forms.ValidationError(self.fields["company_id"].error_messages["null_characters_not_allowed"])
        return company_id


def _usable(data: Mapping[str, str]) -> dict[str, str]:
    """What was sent, without the hidden values that cannot be used: nobody typed them, so nobody can mend them."""
    return {name: value for name, value in data.items() if name not in HIDDEN or HIDDEN[name].fullmatch(value)}


def render_start(request: HttpRequest, article: Article, *, initial: Mapping[str, str] | None = None) -> HttpResponse:
    """The empty form, or one that a helpdesk filled in: `initial` holds company_id, address, helpdesk, ticket."""
    if initial:
        return _page(request, article, StartForm(article=article, initial=initial))

    def page(values: Mapping[str, str]) -> str:
        form = StartForm(article=article, initial={"submission": values["submission"]})
        shown = {"article": article, "vendor": vendor(article.vendor), "form": form}
        return render_to_string(TEMPLATE, {**shown, "csrf_token": values["csrf_token"]})

    values = {"csrf_token": get_token(request), "submission": secrets.token_urlsafe(16)}
    return HttpResponse(_empty.filled(article.slug, (article, vendor(article.vendor)), values, page))


def handle_start(request: HttpRequest, article: Article) -> HttpResponse:
    """A sent form: back to it with words beside the fields or a question about a slip, or on to the case."""
    data, question = _answered(request.POST)
    form = StartForm(data, article=article)
    if not form.is_valid() or question:
        return _page(request, article, form, meant=question or _meant(data.get("address", "")))
    try:
        if known := _same_report(request, article, form):
            return open_page(request, known)
        report = _report(request, article, form)
        case = _open(request, report)
    except ProofRefused as refused:
        return _page(request, article, form, refused=refused)
    except LimitReached as limit:
        return limit_reached(_page(request, article, form, problems=[Problem(words_for_limit(limit))]), limit)
    except away.DATABASE_AWAY:
        return away.come_back(_page(request, article, form, problems=[Problem(away.words_for_form())]))
    return open_page(request, case, report.token)


def open_page(request: HttpRequest, case: Case, token: str | None = None) -> HttpResponse:
    """Off to the case's page, with its token kept in this browser: a new one where it has none and none is given.

    Raises LimitReached.
    """
    response = redirect("wizard:case", case.reference)
    response.status_code = 303
    if token or not access.holds(request, case):
        access.remember(response, case, token or mint_link_for_visitor(case))
    return response


def _open(request: HttpRequest, report: Report) -> Case:
    """Beyond what is free, the proof that came with the form pays. Raises LimitReached, ProofRefused."""
    try:
        return open_case(report)
    except ProofNeeded:
        with transaction.atomic():
            proofs.accept(proving.proof_of(request), report.source)
            return open_case(replace(report, paid=True))


def parsed(text: str) -> Address:
    """The address in a text; in closed test networks more suffixes count as public. Raises BadAddress."""
    return parse_address(text, extra_suffixes=settings.EXTRA_SUFFIXES)


def words_for_limit(limit: LimitReached, *, typed: bool = True) -> str:
    """When to try again, in whole minutes; where something was `typed`, that it is still there."""
    minutes = -(-limit.retry_after // 60)
    if isinstance(limit, QueueFull):
        why = _("Very many checks are waiting at this moment, so we do not begin another one.")
    else:
        why = _("That was asked for too often.")
    if typed:
        then = ngettext(
            "Please try again in %(minutes)d minute; what you typed is still here.",
            "Please try again in %(minutes)d minutes; what you typed is still here.",
            minutes,
        )
    else:
        then = ngettext("Please try again in %(minutes)d minute.", "Please try again in %(minutes)d minutes.", minutes)
    return f"{why} {then % {'minutes': minutes}}"


def limit_reached(response: HttpResponse, limit: LimitReached) -> HttpResponse:
    """The page as the answer 429 (RFC 6585), or 503 where it is nobody's own limit, with the seconds to wait."""
    response.status_code = 503 if isinstance(limit, QueueFull) else 429
    response.headers["Retry-After"] = str(limit.retry_after)
    return response


def _answered(data: QueryDict) -> tuple[QueryDict, str]:
    """What was sent, a taken suggestion in place of the typed address; and the suggestion still to be asked about.

    The question is put once for each address typed: whoever sends it again means it.
    """
    typed = data.get("address", "")
    meant = _meant(typed)
    if not meant or data.get("asked_about") != typed:
        return data, meant
    if data.get("address_choice") != "suggested":
        return data, ""
    taken = data.copy()
    taken["address"] = meant
    return taken, ""


def _meant(typed: str) -> str:
    """The address that was probably meant, where it is a usable one; else empty."""
    meant = suggest(typed) or ""
    try:
        return str(parsed(meant))
    except BadAddress:
        return ""


def _same_report(request: HttpRequest, article: Article, form: StartForm) -> Case | None:
    if not access.references_held(request):
        return None
    recent = Case.objects.newest_first().filter(
        article=article.slug,
        company_id=form.cleaned_data["company_id"],
        address=str(form.cleaned_data["address"]),
        created_at__gte=timezone.now() - SAME_REPORT,
    )
    return access.held_among(request, list(recent[:20]))


def _report(request: HttpRequest, article: Article, form: StartForm) -> Report:
    sent = form.cleaned_data
    return Report(
        article=article,
        company_id=sent["company_id"],
        address=sent["address"],
        source=access.source_of(request),
        device_model=sent.get("device_model", ""),
        asked_at=sent["asked_at"],
        origin="helpdesk" if sent["helpdesk"] else "portal",
        helpdesk=sent["helpdesk"],
        ticket=sent["ticket"],
        language=get_language() or settings.LANGUAGE_CODE,
        submission=sent["submission"],
        token=new_token(),
        paid=False,
    )


def _page(
    request: HttpRequest,
    article: Article,
    form: StartForm,
    *,
    meant: str = "",
    problems: Iterable[Problem] = (),
    refused: ProofRefused | None = None,
) -> HttpResponse:
    typed = form["address"].value() or ""
    sent = proving.proof_of(request)
    if refused and (words := proving.words_for(refused)):
        problems = [Problem(words)]
    context = {
        "article": article,
        "vendor": vendor(article.vendor),
        "form": form,
        "problems": [*problems, *problems_of(form)],
        "meant": meant,
        "typed": typed,
        "may_keep": not form["address"].errors,
        # Whoever was asked once is asked until it is done, so that a slip in a field does not cost the waiting.
        "proof": proving.ask(sent, access.source_of(request), refused) if refused or sent.ticket else None,
    }
    return render(request, TEMPLATE, context)


def problems_of(form: forms.Form) -> list[Problem]:
    """The form's error summary, in the order of its fields."""
    if not form.is_bound:
        return []
    return [Problem(str(message), _target(field)) for field in form for message in field.errors]


def _target(field: forms.BoundField) -> str:
    return f"{field.auto_id}_0" if isinstance(field.field.widget, forms.RadioSelect) else str(field.auto_id)
