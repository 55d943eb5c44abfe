"""The form of an endpoint."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from diagnostics.models import CaseEventKind, WebhookEndpoint
from diagnostics.services.webhook_urls import LONGEST, UnusableUrl, receiver_of
from diagnostics.vendors import vendors
from portal.console.webhooks.words import FAULTS, KINDS
from portal.console.words import word

NAME_TAKEN = _("Another endpoint has this name")


class EndpointForm(forms.Form):
    """`cleaned_data` is what `services.webhook_endpoints.add` takes."""

    name = forms.CharField(
        label=_("Name"),
        help_text=_("What your team calls the system: “Billing”, “Data warehouse”."),
        max_length=80,
        error_messages={
            "required": _("Type a name"),
            "max_length": _("The name can have 80 characters"),
            "null_characters_not_allowed": _("The name contains invisible characters"),
        },
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    url = forms.CharField(
        label=_("Address"),
        help_text=_("We send a POST request here. It must be public and begin with https://."),
        error_messages={
            "required": _("Type the address of the receiver"),
            "null_characters_not_allowed": _("The address contains invisible characters"),
        },
        widget=forms.TextInput(
            attrs={"type": "url", "autocomplete": "off", "spellcheck": "false", "maxlength": str(LONGEST)}
        ),
    )
    kinds = forms.MultipleChoiceField(
        label=_("What it is told"),
        choices=[(kind.value, KINDS[kind]) for kind in CaseEventKind],
        error_messages={
            "required": _("Choose at least one"),
            "invalid_choice": _("Choose from the list"),
            "invalid_list": _("Choose from the list"),
        },
        widget=forms.CheckboxSelectMultiple,
    )
    vendor = forms.ChoiceField(
        label=_("Whose cases"), required=False, error_messages={"invalid_choice": _("Choose from the list")}
    )

    def __init__(self, data: Any = None, *, endpoint: WebhookEndpoint | None = None) -> None:
        kept = {name: getattr(endpoint, name) for name in ("name", "url", "kinds", "vendor")} if endpoint else {}
        super().__init__(data, initial=kept or {"kinds": CaseEventKind.values})
        self.endpoint = endpoint
        vendor = self.fields["vendor"]
        assert isinstance(vendor, forms.ChoiceField)  # noqa: S101 - declared above
        known = {"": _("All vendors’"), **{one.slug: one.name for one in vendors().values()}}
        if endpoint and endpoint.vendor not in known:
            known[endpoint.vendor] = endpoint.vendor  # a profile that is gone
        vendor.choices = list(known.items())

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        others = WebhookEndpoint.objects.filter(name=name)
        if self.endpoint:
            others = others.exclude(pk=self.endpoint.pk)
        if others.exists():
            raise forms.ValidationError(NAME_TAKEN)
        return name

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            receiver_of(url)
        except UnusableUrl as problem:
            raise forms.ValidationError(word(FAULTS, problem.fault)) from problem
        return url

    def refuse_name(self) -> None:
        """Where somebody else was quicker."""
        self.add_error("name", str(NAME_TAKEN))
