"""One delivery: what was sent, every try, and the button that sends it again."""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from diagnostics.models import WebhookDelivery
from diagnostics.services.webhooks import MOST_TRIES, resend
from portal.access import actor_of
from portal.console.access import needs
from portal.console.webhooks.words import delivery_tag, type_of
from portal.roles import Right


@require_safe
@needs(Right.MANAGE)
def delivery(request: HttpRequest, pk: int) -> HttpResponse:
    """The delivery with its log."""
    found = _found(pk)
    context = {
        "delivery": found,
        "endpoint": found.endpoint,
        "tag": delivery_tag(found),
        "type": type_of(found),
        "tries": list(found.log.order_by("-pk")),
        "most_tries": MOST_TRIES,
        "body": json.dumps(json.loads(found.body), indent=2, ensure_ascii=False),
        "can_resend": found.finished and found.endpoint.active,
    }
    return render(request, "console/webhooks/delivery.html", context)


@require_POST
@needs(Right.MANAGE)
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Send it once more, whether it was delivered or given up."""
    found = _found(pk)
    if resend(actor_of(request), found):
        messages.success(request, _("It is being sent again. Reload this page in a few seconds."))
    elif not found.endpoint.active:
        messages.warning(request, _("Switch the endpoint on first. Nothing was sent."))
    else:
        messages.warning(request, _("It is on its way already. Nothing more was sent."))
    return redirect("console:webhook_delivery", found.pk)


def _found(pk: int) -> WebhookDelivery:
    return get_object_or_404(WebhookDelivery.objects.select_related("endpoint", "event__case"), pk=pk)
