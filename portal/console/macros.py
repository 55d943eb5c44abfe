"""The settings page that writes macros for helpdesks: choose, copy, paste. What is connected is shown, too."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_safe

from diagnostics.articles import articles
from diagnostics.helpdesks import Helpdesk, configured_helpdesks
from diagnostics.helpdesks.macros import (
    Macros,
    Source,
    agent_link,
    call_body,
    filled_in,
    macros,
    prefill_link,
)
from portal.console.access import needs
from portal.roles import Right

PREFILL, WITH_CUSTOMER, AGENT, CALL = "prefill", "customer", "agent", "call"
KINDS = {
    PREFILL: _lazy("For customers: a form that knows the ticket"),
    WITH_CUSTOMER: _lazy("For customers: the same, with company ID and e-mail address filled in"),
    AGENT: _lazy("For agents: this ticket in the console"),
    CALL: _lazy("For automations: a signed link for each ticket"),
}
CALL_PROOFS = {
    "zendesk": _lazy("Zendesk signs the call: put the webhook’s signing secret into ZENDESK_WEBHOOK_SECRET."),
    "freshdesk": _lazy("Add the header “Authorization: Bearer …” with the value of FRESHDESK_WEBHOOK_TOKEN."),
    "jira": _lazy("Add the header “Authorization: Bearer …” with the value of JIRA_WEBHOOK_TOKEN, and hide it."),
}


class MacroForm(forms.Form):
    """What the macro is for. Sent by GET, so that it can be kept as a bookmark."""

    helpdesk = forms.ChoiceField(label=_lazy("Helpdesk"))
    article = forms.ChoiceField(label=_lazy("Article"))
    language = forms.ChoiceField(label=_lazy("The customer’s language"))
    kind = forms.ChoiceField(label=_lazy("What it is for"), choices=list(KINDS.items()), widget=forms.RadioSelect)

    def __init__(self, data: dict[str, str]) -> None:
        super().__init__(data)
        choices = {
            "helpdesk": [(one.slug, one.name) for one in macros().values()],
            "article": [(one.slug, one.title) for one in articles().values()],
            "language": [(code, str(name)) for code, name in settings.LANGUAGES],
        }
        for name, offered in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
            field.choices = offered


@dataclass(frozen=True, slots=True)
class Built:
    """A text to paste, and how it reads for one ticket. `url` is where an automation sends it; empty for a macro."""

    of: Macros
    text: str
    preview: str
    to_check: tuple[tuple[str, str], ...]
    """Placeholders that stand in the text, and what each must become."""
    url: str = ""
    proof: str = ""


@require_safe
@needs(Right.ACT)
def helpdesks(request: HttpRequest) -> HttpResponse:
    """The form, and below it what it makes."""
    form = MacroForm({**_first(), **{name: request.GET[name] for name in _first() if name in request.GET}})
    connected = configured_helpdesks()
    context = {
        "form": form,
        "built": _built(**form.cleaned_data) if form.is_valid() else None,
        "connected": [(desk.name, desk.origin, _takes_calls(desk)) for desk in connected.values()],
    }
    return render(request, "console/helpdesks.html", context)


def _first() -> dict[str, str]:
    """What is chosen at the first visit."""
    first = next(iter(configured_helpdesks().keys() & macros().keys()), "zendesk")
    return {
        "helpdesk": first,
        "article": next(iter(articles())),
        "language": settings.LANGUAGE_CODE,
        "kind": PREFILL,
    }


def _built(helpdesk: str, article: str, language: str, kind: str) -> Built | None:
    """None where the helpdesk has no such thing."""
    of = macros()[helpdesk]
    if kind == CALL:
        if not of.call_where:
            return None
        text = call_body(of, article=article, language=language)
        url = f"{settings.PORTAL_URL}{reverse('hooks:helpdesk', args=[helpdesk])}"
        return _shown(of, text, url=url, proof=str(CALL_PROOFS[helpdesk]))
    if kind == AGENT:
        text = _("Where’s my code? Everything known of this ticket’s case: %(url)s") % {
            "url": agent_link(of, site=settings.PORTAL_URL)
        }
        return _shown(of, text)
    with_customer = kind == WITH_CUSTOMER
    url = prefill_link(of, site=settings.PORTAL_URL, article=article, language=language, with_customer=with_customer)
    with translation.override(language):
        text = _customer_text(url)
    return _shown(of, text)


def _customer_text(url: str) -> str:
    return "\n\n".join(
        (
            _("Hello,"),
            _("This page finds out why your code has not arrived, and what to do. It takes about a minute:"),
            url,
            _("Nobody in support can see your code. Please never send it to us or to anyone else."),
        )
    )


def _shown(of: Macros, text: str, *, url: str = "", proof: str = "") -> Built:
    untested = (one for one in of.placeholders if one.source is Source.UNTESTED)
    used = {form: example for one in untested for form, example in one.examples.items() if form in text}
    return Built(of, text, filled_in(of, text), tuple(used.items()), url, proof)


def _takes_calls(desk: Helpdesk) -> bool:
    """Whether what it would show us is set."""
    needed = {"zendesk": settings.ZENDESK_WEBHOOK_SECRET, "freshdesk": settings.FRESHDESK_WEBHOOK_TOKEN}
    needed |= {"jira": settings.JIRA_WEBHOOK_TOKEN, "generic": settings.HELPDESK_SECRET}
    return bool(needed.get(desk.slug))
