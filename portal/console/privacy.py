"""What is kept of one person: looked up, handed over, erased. Their address stands in no link and in no log."""

from __future__ import annotations

import json

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods

from diagnostics.addresses import LONGEST_ADDRESS, BadAddress, parse_address
from diagnostics.models import Erasure
from diagnostics.services.audit import Action, write
from diagnostics.services.persons import Person, counts_of, export, request_erasure
from portal.access import actor_of
from portal.console.access import needs
from portal.console.words import KEPT_TABLES, word
from portal.roles import Right

SHOWN = 20
"""Erasures that the page lists."""


class PersonForm(forms.Form):
    address = forms.CharField(
        label=_lazy("E-mail address"),
        help_text=_lazy("Every spelling of the mailbox counts: capital letters, a tag behind +, dots at Gmail."),
        max_length=LONGEST_ADDRESS,
        error_messages={
            "required": _lazy("Enter the person’s e-mail address."),
            "max_length": _lazy("That is too long for an e-mail address."),
            "null_characters_not_allowed": _lazy("That contains invisible characters: type it instead of pasting it."),
        },
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "email"}),
    )

    def clean_address(self) -> str:
        try:
            return str(parse_address(self.cleaned_data["address"], extra_suffixes=settings.EXTRA_SUFFIXES))
        except BadAddress as bad:
            raise forms.ValidationError(_("That is no usable e-mail address. Check its spelling.")) from bad


class EraseForm(PersonForm):
    confirmed = forms.BooleanField(
        error_messages={"required": _lazy("Tick the box to confirm. Nothing was erased.")},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.PRIVACY)
def privacy(request: HttpRequest) -> HttpResponse:
    """The form; with an address how much there is of it, and what can be done. By POST only: a link would keep it."""
    form = PersonForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _page(request, form)
    counts = counts_of(Person.of(form.cleaned_data["address"]))
    write(actor_of(request), Action.PERSON_LOOKED_UP, reference="", **counts)
    found = [(word(KEPT_TABLES, name), count) for name, count in counts.items() if count]
    return _page(request, form, found=found, address=form.cleaned_data["address"])


@require_http_methods(["POST"])
@needs(Right.PRIVACY)
def export_person(request: HttpRequest) -> HttpResponse:
    """Everything that is about the person, as a file."""
    form = PersonForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    exported = export(Person.of(form.cleaned_data["address"]), mentions=False)
    counts = {name: len(rows) for name, rows in exported["tables"].items()}
    write(actor_of(request), Action.PERSON_EXPORTED, reference="", **counts)
    response = HttpResponse(json.dumps(exported, indent=1), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="person-{timezone.now():%Y-%m-%d}.json"'
    return response


@require_http_methods(["POST"])
@needs(Right.PRIVACY)
def erase_person(request: HttpRequest) -> HttpResponse:
    """Have it done by a worker, within a minute or two; the page lists what came of it."""
    form = EraseForm(request.POST)
    if not form.is_valid():
        for problem in form.errors.get("confirmed", []):
            messages.warning(request, str(problem))
        return _page(request, form)
    actor = actor_of(request)
    with transaction.atomic():
        request_erasure(form.cleaned_data["address"], asked_by=actor.name)
        write(actor, Action.ERASURE_ASKED)
    messages.success(request, _("The person is being erased. Reload this page in a minute to see that it is done."))
    return redirect("console:privacy")


def _page(request: HttpRequest, form: PersonForm, **more: object) -> HttpResponse:
    erasures = Erasure.objects.order_by("-asked_at").only("asked_by", "asked_at", "done_at", "counts")[:SHOWN]
    context = {"form": form, "erasures": erasures, "days": settings.CASE_DETAIL_DAYS, **more}
    return render(request, "console/privacy.html", context)
