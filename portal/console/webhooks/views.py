"""Endpoints: the list, one with its log, and everything that changes one. For administrators."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from diagnostics.models import WebhookEndpoint
from diagnostics.services import webhook_endpoints as services
from diagnostics.services.webhooks import send_test
from diagnostics.vendors import vendors
from portal.access import actor_of
from portal.console.access import needs
from portal.console.webhooks.forms import EndpointForm
from portal.console.webhooks.log import page_of
from portal.console.webhooks.words import KINDS, STOPPED, endpoint_tag
from portal.console.words import word
from portal.roles import Right


@require_safe
@needs(Right.MANAGE)
def endpoints(request: HttpRequest) -> HttpResponse:
    """All endpoints, with what is wrong with them."""
    return render(request, "console/webhooks/endpoints.html", {"rows": map(_shown, _all())})


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.MANAGE)
def add(request: HttpRequest) -> HttpResponse:
    """The form of a new endpoint; sent, the page that shows its secret, once."""
    form = EndpointForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            endpoint, secret = services.add(actor_of(request), **form.cleaned_data)
        except services.NameTaken:
            form.refuse_name()
        else:
            return render(request, "console/webhooks/secret.html", {"endpoint": endpoint, "secret": secret})
    return render(request, "console/webhooks/form.html", {"form": form})


@require_safe
@needs(Right.MANAGE)
def endpoint(request: HttpRequest, pk: int) -> HttpResponse:
    """One endpoint, the buttons that change it, and its delivery log."""
    found = get_object_or_404(WebhookEndpoint, pk=pk)
    page = page_of(found, request.GET.get("after", ""))
    context = {
        **_shown(found),
        "page": page,
        "next_url": f"?{urlencode({'after': page.cursor})}" if page.cursor else "",
    }
    return render(request, "console/webhooks/endpoint.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.MANAGE)
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of an endpoint that is there."""
    found = get_object_or_404(WebhookEndpoint, pk=pk)
    form = EndpointForm(request.POST if request.method == "POST" else None, endpoint=found)
    if form.is_bound and form.is_valid():
        try:
            services.change(actor_of(request), found, **form.cleaned_data)
        except services.NameTaken:
            form.refuse_name()
        else:
            messages.success(request, _("Saved. What still waits goes to the address above."))
            return redirect("console:webhook", found.pk)
    return render(request, "console/webhooks/form.html", {"form": form, "endpoint": found})


@require_POST
@needs(Right.MANAGE)
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """On or off, as the button says."""
    found = get_object_or_404(WebhookEndpoint, pk=pk)
    if request.POST.get("to") == "on":
        services.switch_on(actor_of(request), found)
        messages.success(request, _("Switched on. What was held back goes out now, in order."))
    elif request.POST.get("to") == "off":
        services.switch_off(actor_of(request), found)
        messages.success(request, _("Switched off. What is not delivered yet is held back."))
    return redirect("console:webhook", found.pk)


@require_POST
@needs(Right.MANAGE)
def secret(request: HttpRequest, pk: int) -> HttpResponse:
    """A new secret, on a page that shows it once."""
    found = get_object_or_404(WebhookEndpoint, pk=pk)
    fresh = services.renew_secret(actor_of(request), found)
    context = {"endpoint": found, "secret": fresh, "renewed": True}
    return render(request, "console/webhooks/secret.html", context)


@require_POST
@needs(Right.MANAGE)
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a test; the log shows what comes of it."""
    found = get_object_or_404(WebhookEndpoint, pk=pk)
    delivery = send_test(actor_of(request), found)
    messages.success(request, _("A test is on its way. Reload this page in a few seconds."))
    return redirect("console:webhook_delivery", delivery.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.MANAGE)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks first; then the endpoint and its log are gone."""
    found = get_object_or_404(WebhookEndpoint, pk=pk)
    if request.method == "POST":
        services.remove(actor_of(request), found)
        messages.success(request, _("%s is removed.") % found.name)
        return redirect("console:webhooks")
    return render(request, "console/webhooks/remove.html", {"endpoint": found})


def _all() -> list[WebhookEndpoint]:
    return list(WebhookEndpoint.objects.order_by("name"))


def _shown(endpoint: WebhookEndpoint) -> dict[str, object]:
    vendor = vendors().get(endpoint.vendor)
    return {
        "endpoint": endpoint,
        "tag": endpoint_tag(endpoint),
        "kinds": [(kind, word(KINDS, kind)) for kind in endpoint.kinds],
        "vendor": vendor.name if vendor else endpoint.vendor,
        "stopped": word(STOPPED, endpoint.stopped_because) if endpoint.stopped_because else "",
    }
