"""What administrators read about webhooks."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from diagnostics.domain import Status
from diagnostics.models import CaseEventKind, DeliveryState, WebhookDelivery, WebhookEndpoint
from diagnostics.services.webhook_endpoints import BY_HAND, FAILING, GONE
from diagnostics.services.webhook_messages import TEST_TYPE
from diagnostics.services.webhook_urls import Fault
from portal.console.words import Tag, Words, word

KINDS: Mapping[str, Words] = {
    CaseEventKind.CASE_CREATED: _("A case was opened"),
    CaseEventKind.RUN_FINISHED: _("A run has finished: verdict and cause"),
    CaseEventKind.CASE_RESOLVED: _("A case was resolved"),
}
STATES: Mapping[str, Words] = {
    DeliveryState.HELD: _("Held back"),
    DeliveryState.QUEUED: _("Waiting"),
    DeliveryState.SENDING: _("Being sent"),
    DeliveryState.DELIVERED: _("Delivered"),
    DeliveryState.GIVEN_UP: _("Given up"),
}
STATE_TAGS: Mapping[str, Status] = {
    DeliveryState.HELD: Status.NOT_CHECKED,
    DeliveryState.QUEUED: Status.CHECKING,
    DeliveryState.SENDING: Status.CHECKING,
    DeliveryState.DELIVERED: Status.FINE,
    DeliveryState.GIVEN_UP: Status.PROBLEM,
}
FAULTS: Mapping[str, Words] = {
    Fault.NOT_AN_ADDRESS: _("Type an address like https://hooks.example.org/in, without blanks and without #"),
    Fault.NOT_HTTPS: _("The address must begin with https://"),
    Fault.USER_NAME: _("Leave out the user name and password: the receiver knows us by the signature"),
    Fault.PORT: _("This port is not allowed: use 443, or have it added to the setting WEBHOOK_PORTS"),
    Fault.PRIVATE: _(
        "This address is not public, so nothing is sent there. "
        "A receiver in your own network is possible with the setting WEBHOOK_ALLOW_PRIVATE"
    ),
}
STOPPED: Mapping[str, Words] = {
    BY_HAND: _("Switched off by hand."),
    GONE: _("Switched off because the receiver answered 410: it wants no more."),
    FAILING: _("Switched off because nothing could be delivered for days. Mend the receiver, then switch it on."),
}


def delivery_tag(delivery: WebhookDelivery) -> Tag:
    return Tag(STATE_TAGS.get(delivery.state, Status.NOT_CHECKED), word(STATES, delivery.state))


def endpoint_tag(endpoint: WebhookEndpoint) -> Tag:
    """Unknown is never shown as fine: failing is said before it is switched off for it."""
    if not endpoint.active:
        return Tag(
            Status.PROBLEM if endpoint.stopped_because != BY_HAND else Status.NOT_CHECKED, str(_("Switched off"))
        )
    if endpoint.failing_since:
        return Tag(Status.COULD_NOT_CHECK, str(_("Failing")))
    return Tag(Status.FINE, str(_("Switched on")))


def type_of(delivery: WebhookDelivery) -> str:
    return delivery.event.kind if delivery.event else TEST_TYPE
