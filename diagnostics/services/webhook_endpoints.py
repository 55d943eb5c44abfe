"""The systems that are told of cases: added, changed, switched on and off, given a new secret. Each is audited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from diagnostics.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from diagnostics.services.audit import Action, Actor, write
from diagnostics.services.webhook_messages import new_secret, sealed
from diagnostics.services.webhook_urls import receiver_of
from diagnostics.services.work import announce_work

BOTH_SIGN = timedelta(hours=24)
"""How long the earlier secret signs beside a new one."""
BY_HAND = "by_hand"
GONE = "gone"
FAILING = "failing"
ITSELF = Actor("system", "webhooks")
UNFINISHED = (DeliveryState.HELD, DeliveryState.QUEUED, DeliveryState.SENDING)


class NameTaken(Exception):
    """Another endpoint is called that."""


def add(actor: Actor, *, name: str, url: str, kinds: Sequence[str], vendor: str) -> tuple[WebhookEndpoint, str]:
    """A new endpoint and its secret, which nobody can be shown again. It hears of what happens from now on.

    Raises UnusableUrl, NameTaken.
    """
    receiver_of(url)
    secret = new_secret()
    endpoint = WebhookEndpoint(
        name=name, url=url, kinds=list(kinds), vendor=vendor, secrets=[sealed(secret)], created_by=actor.name[:150]
    )
    with transaction.atomic():
        _save(endpoint)
        _audit(actor, endpoint, "added")
    return endpoint, secret


def change(
    actor: Actor, endpoint: WebhookEndpoint, *, name: str, url: str, kinds: Sequence[str], vendor: str
) -> WebhookEndpoint:
    """Where it is told and of what; what waits to be delivered goes to the new address.

    Raises UnusableUrl, NameTaken.
    """
    receiver_of(url)
    with transaction.atomic():
        endpoint = _locked(endpoint.pk)
        endpoint.name, endpoint.url, endpoint.kinds, endpoint.vendor = name, url, list(kinds), vendor
        _save(endpoint)
        _audit(actor, endpoint, "changed")
    return endpoint


def renew_secret(actor: Actor, endpoint: WebhookEndpoint) -> str:
    """A new secret, which nobody can be shown again; the one until now signs beside it for a day."""
    secret = new_secret()
    with transaction.atomic():
        endpoint = _locked(endpoint.pk)
        endpoint.secrets = [sealed(secret), *endpoint.secrets[:1]]
        endpoint.earlier_until = timezone.now() + BOTH_SIGN
        endpoint.save(update_fields=("secrets", "earlier_until"))
        _audit(actor, endpoint, "secret renewed")
    return secret


def switch_on(actor: Actor, endpoint: WebhookEndpoint) -> None:
    """Deliver again, beginning with what has waited; the earliest of each case first."""
    with transaction.atomic():
        endpoint = _locked(endpoint.pk)
        if endpoint.active:
            return
        endpoint.active, endpoint.stopped_because, endpoint.failing_since = True, "", None
        endpoint.save(update_fields=("active", "stopped_because", "failing_since"))
        held = endpoint.deliveries.filter(state=DeliveryState.HELD)
        earlier = WebhookDelivery.objects.filter(
            endpoint=endpoint, line=OuterRef("line"), pk__lt=OuterRef("pk"), state__in=UNFINISHED
        )
        held.filter(Q(line=None) | ~Exists(earlier)).update(
            state=DeliveryState.QUEUED, next_try_at=timezone.now(), dispatched_at=None
        )
        announce_work()
        _audit(actor, endpoint, "switched on")


def switch_off(actor: Actor, endpoint: WebhookEndpoint, *, because: str = BY_HAND) -> None:
    """Deliver nothing more; what is not delivered yet waits. Events of the meantime are not kept for it."""
    with transaction.atomic():
        endpoint = _locked(endpoint.pk)
        if not endpoint.active:
            return
        endpoint.active, endpoint.stopped_because = False, because
        endpoint.save(update_fields=("active", "stopped_because"))
        # A test is asked for by somebody who watches: it goes out all the same.
        endpoint.deliveries.filter(state=DeliveryState.QUEUED, event__isnull=False).update(
            state=DeliveryState.HELD, dispatched_at=None
        )
        _audit(actor, endpoint, "switched off", because=because)


def remove(actor: Actor, endpoint: WebhookEndpoint) -> None:
    """Forget the endpoint and its delivery log."""
    with transaction.atomic():
        endpoint = _locked(endpoint.pk)
        _audit(actor, endpoint, "removed")
        endpoint.delete()


def forget_earlier_secrets() -> int:
    """Drop secrets that no longer sign; of how many endpoints."""
    count = 0
    for endpoint in WebhookEndpoint.objects.filter(earlier_until__lt=timezone.now()):
        count += WebhookEndpoint.objects.filter(pk=endpoint.pk, earlier_until=endpoint.earlier_until).update(
            secrets=endpoint.secrets[:1], earlier_until=None
        )
    return count


def _locked(pk: int) -> WebhookEndpoint:
    return WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=pk)


def _save(endpoint: WebhookEndpoint) -> None:
    try:
        with transaction.atomic():
            endpoint.save()
    except IntegrityError as problem:
        raise NameTaken from problem


def _audit(actor: Actor, endpoint: WebhookEndpoint, change: str, **detail: str) -> None:
    write(actor, Action.WEBHOOK_CHANGED, endpoint=endpoint.pk, change=change, **detail)
