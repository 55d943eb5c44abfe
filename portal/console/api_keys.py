"""Which systems may use the API: clients and their keys, each key shown once."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django import forms
from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_POST

from diagnostics.models import ApiClient, ApiKey
from diagnostics.services.api_keys import MOST_LIVE, NameTaken, Scope, TooManyKeys, make_client, make_key, revoke_key
from diagnostics.vendors import vendors
from portal.access import actor_of
from portal.console.access import needs
from portal.roles import Right

SCOPES = {
    Scope.CASE_WRITE: _lazy("open cases and run them again"),
    Scope.CASE_READ: _lazy("read cases"),
    Scope.DIAGNOSIS_READ: _lazy("read diagnoses"),
    Scope.LINK_WRITE: _lazy("make and revoke links; its cases may show what our records say of the account"),
    Scope.EVENT_READ: _lazy("read events"),
}
LIFETIMES = (
    ("", _lazy("does not expire")),
    ("30", _lazy("30 days")),
    ("90", _lazy("90 days")),
    ("365", _lazy("a year")),
)


class ClientForm(forms.Form):
    name = forms.CharField(
        label=_lazy("Name"),
        help_text=_lazy("The system that will use the API, for example “Zendesk app”."),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _lazy("Enter a name")},
    )
    vendor = forms.ChoiceField(label=_lazy("Sees cases of"), required=False)
    is_test = forms.BooleanField(
        label=_lazy("For trying the API out: test domains only, nothing is probed or sent"), required=False
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choices = [("", _("all vendors")), *((one.slug, one.name) for one in vendors().values())]
        self.fields["vendor"] = forms.ChoiceField(label=_lazy("Sees cases of"), required=False, choices=choices)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if any(unicodedata.category(one)[0] == "C" for one in name):
            raise forms.ValidationError(_("The name contains invisible characters: type it instead of pasting it"))
        return name


class KeyForm(forms.Form):
    scopes = forms.MultipleChoiceField(
        label=_lazy("May"),
        choices=[(scope.value, words) for scope, words in SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _lazy("Choose at least one thing that the key may do")},
    )
    days = forms.ChoiceField(label=_lazy("Expires"), choices=LIFETIMES, required=False)


@dataclass(frozen=True, slots=True)
class ShownClient:
    client: ApiClient
    keys: Sequence[ApiKey]
    may_have_another: bool
    form: KeyForm

    @property
    def vendor(self) -> str:
        known = vendors().get(self.client.vendor)
        return known.name if known else self.client.vendor


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.MANAGE)
def clients(request: HttpRequest) -> HttpResponse:
    """Every client with its keys; a POST makes a client."""
    form = ClientForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            client = make_client(**form.cleaned_data, actor=actor_of(request))
        except NameTaken:
            form.add_error("name", _("There is a client of that name already"))
        else:
            messages.success(request, _("%s is made. Now make its key.") % client.name)
            return redirect("console:api")
    return _page(request, form)


@require_POST
@needs(Right.MANAGE)
def new_key(request: HttpRequest, client_pk: int) -> HttpResponse:
    """Make a key and show it, this once."""
    client = get_object_or_404(ApiClient, pk=client_pk)
    form = KeyForm(request.POST, prefix=f"client-{client.pk}")
    if not form.is_valid():
        return _page(request, ClientForm(), sent=(client, form))
    days = form.cleaned_data["days"]
    try:
        key, text = make_key(
            client,
            scopes=[Scope(one) for one in form.cleaned_data["scopes"]],
            actor=actor_of(request),
            expires_at=timezone.now() + timedelta(days=int(days)) if days else None,
        )
    except TooManyKeys:
        messages.warning(request, _("There are two live keys. Revoke the one that is no longer used first."))
        return redirect("console:api")
    return render(request, "console/api_key.html", {"client": client, "key": key, "text": text})


@require_POST
@needs(Right.MANAGE)
def revoke(request: HttpRequest, key_pk: int) -> HttpResponse:
    """Revoke a key at once."""
    key = get_object_or_404(ApiKey, pk=key_pk)
    if revoke_key(key, actor=actor_of(request)):
        messages.success(request, _("The key %s… is revoked.") % key.prefix)
    return redirect("console:api")


def _page(request: HttpRequest, form: ClientForm, sent: tuple[ApiClient, KeyForm] | None = None) -> HttpResponse:
    found = ApiClient.objects.order_by("name").prefetch_related(
        Prefetch("keys", ApiKey.objects.order_by("revoked_at", "-pk"))
    )
    shown = [_shown(client, sent[1] if sent and sent[0] == client else None) for client in found]
    return render(request, "console/api.html", {"form": form, "clients": shown, "now": timezone.now(), "sent": sent})


def _shown(client: ApiClient, sent: KeyForm | None) -> ShownClient:
    now = timezone.now()
    keys = list(client.keys.all())
    live = [key for key in keys if key.revoked_at is None and (key.expires_at is None or key.expires_at > now)]
    held = live[0].scopes if live else [scope.value for scope in Scope]
    form = sent or KeyForm(prefix=f"client-{client.pk}", initial={"scopes": held})
    return ShownClient(client, keys, len(live) < MOST_LIVE, form)
