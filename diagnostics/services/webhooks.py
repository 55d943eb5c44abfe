"""Telling other systems what happened to cases: at least once, in the order of each case, one try at a time.

An event becomes one delivery for each endpoint that wants it. Of the deliveries of one case to one endpoint only the
first unfinished one is queued; the others are held until it is delivered or given up. A delivery is claimed by one
conditional UPDATE; the answer counts only for whoever claimed it last. A worker that is lost on the way is found by its
lease, and the delivery goes out again with the same webhook ID.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from random import SystemRandom

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from diagnostics.models import CaseEvent, DeliveryState, WebhookDelivery, WebhookEndpoint, WebhookTry
from diagnostics.services.audit import Action, Actor, write
from diagnostics.services.secrets import Unopenable
from diagnostics.services.webhook_endpoints import FAILING, GONE, ITSELF, UNFINISHED, switch_off
from diagnostics.services.webhook_messages import body_of, headers_of, new_id, test_body
from diagnostics.services.webhook_urls import Receiver, UnusableUrl, receiver_of
from diagnostics.services.work import announce_work

DEADLINE = 15.0
"""Seconds one try may take; the lease outlives it."""
LEASE = timedelta(seconds=DEADLINE + 15)
AT_ONCE = 4
"""Deliveries to one endpoint that may be under way together: one that is slow takes no more than this from others."""
PAUSES = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 5 * 60, 25 * 60, 90 * 60, 3 * 3600, 5 * 3600, 4 * 3600, 6 * 3600, 4 * 3600)
)
"""Between one try and the next: the tries come at once and, counted from the first, about 5 seconds, 5 and 30 minutes,
2, 5, 10, 14, 20 and 24 hours later.
"""
MOST_TRIES = len(PAUSES) + 1
JITTER = 0.1
"""By how much of itself a pause is longer, at random and at most: whoever was down is not met by everything at once."""
LONGEST_WAIT = timedelta(hours=1)
"""How long a receiver may have us wait (Retry-After) where our own pause is shorter."""
_random = SystemRandom()


@dataclass(frozen=True, slots=True)
class Shipment:
    """A claimed try, ready to leave; or, with a `problem`, one that cannot leave."""

    delivery_pk: int
    endpoint_pk: int
    attempt: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    receiver: Receiver | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a try. `status` None: no answer, and `detail` says why; else `detail` is what the body said."""

    status: int | None = None
    detail: str = ""
    retry_after: str = ""
    elapsed_ms: int = 0

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def make_deliveries(events: Sequence[CaseEvent]) -> None:
    """Make the deliveries of events that are being published; in the transaction that publishes them."""
    WebhookDelivery.objects.bulk_create(_deliveries_of(events))


def due() -> list[int]:
    """What may be handed to workers now: of each endpoint only as much as may be under way together.

    Call it in a transaction: what is returned is locked.
    """
    waiting = _due_now()
    found: list[int] = []
    for endpoint in waiting.order_by().values_list("endpoint", flat=True).distinct():
        room = AT_ONCE - _under_way().filter(endpoint=endpoint).count()
        if room > 0:
            first = waiting.filter(endpoint=endpoint).order_by("next_try_at", "pk")
            found += first.select_for_update(skip_locked=True).values_list("pk", flat=True)[:room]
    return found


def mark_dispatched(deliveries: Iterable[int]) -> None:
    """Note that the broker has them."""
    WebhookDelivery.objects.filter(pk__in=list(deliveries)).update(dispatched_at=timezone.now())


def claim(delivery_pk: int) -> Shipment | None:
    """Take a due delivery for this worker; None where it is taken, delivered, held or not due yet."""
    now = timezone.now()
    claimed = WebhookDelivery.objects.filter(pk=delivery_pk, state=DeliveryState.QUEUED, next_try_at__lte=now).update(
        state=DeliveryState.SENDING, attempt=F("attempt") + 1, tries=F("tries") + 1, lease_until=Now() + LEASE
    )
    delivery = WebhookDelivery.objects.select_related("endpoint").filter(pk=delivery_pk).first() if claimed else None
    if delivery is None:
        return None
    shipment = Shipment(delivery.pk, delivery.endpoint_id, delivery.attempt, delivery.body.encode())
    try:
        return replace(shipment, receiver=receiver_of(delivery.endpoint.url), headers=headers_of(delivery, now))
    except UnusableUrl as problem:
        return replace(shipment, problem=f"nothing may be sent to this address ({problem.fault})")
    except Unopenable:
        return replace(shipment, problem="the secret cannot be read since SECRET_KEY was changed: make a new one")


def finish(shipment: Shipment, answer: Answer) -> bool:
    """Keep what came of a try and decide what is next; False where somebody else claimed the delivery meanwhile."""
    with transaction.atomic():
        endpoint, delivery = _locked(shipment.endpoint_pk, shipment.delivery_pk)
        if endpoint is None or delivery is None:
            return False
        if (delivery.state, delivery.attempt) != (DeliveryState.SENDING, shipment.attempt):
            return False
        _log(delivery, answer, shipment.headers)
        if answer.ok:
            _end(endpoint, delivery, DeliveryState.DELIVERED)
        elif answer.status == 410 and delivery.event_id is not None:
            _end(endpoint, delivery, DeliveryState.GIVEN_UP, stop=GONE)
        else:
            _fail(endpoint, delivery, pause=_pause(delivery.tries, answer))
    return True


def requeue_lost() -> int:
    """Queue again what lost workers were sending: it may have arrived, and goes out with the same ID. How many.

    What somebody is writing at this moment is left for the next time.
    """
    lost = WebhookDelivery.objects.filter(state=DeliveryState.SENDING, lease_until__lt=Now())
    count = 0
    for pk, endpoint_pk in lost.values_list("pk", "endpoint_id"):
        with transaction.atomic():
            endpoint, delivery = _locked(endpoint_pk, pk, skip_locked=True)
            if endpoint is None or delivery is None or not lost.filter(pk=pk).exists():
                continue
            _log(delivery, Answer(detail="the worker was lost: it may have arrived"), {})
            _fail(endpoint, delivery, pause=timedelta(0))
            count += 1
    return count


def send_test(actor: Actor, endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Send a `webhook.test`, once; to an endpoint that is switched off, too. One at a time: an earlier one is returned
    while it is on its way.
    """
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
        if known := endpoint.deliveries.filter(event=None, state__in=UNFINISHED).first():
            return known
        delivery = WebhookDelivery.objects.create(endpoint=endpoint, webhook_id=new_id(), body=test_body(endpoint))
        announce_work()
        write(actor, Action.WEBHOOK_CHANGED, endpoint=endpoint.pk, change="tested")
    return delivery


def resend(actor: Actor, delivery: WebhookDelivery) -> bool:
    """Send a finished delivery once more, the same message, out of turn; False where it is not finished, or its
    endpoint is switched off.
    """
    with transaction.atomic():
        endpoint, locked = _locked(delivery.endpoint_id, delivery.pk)
        if endpoint is None or locked is None or not locked.finished or not endpoint.active:
            return False
        locked.state, locked.line, locked.tries = DeliveryState.QUEUED, None, 0
        locked.next_try_at, locked.dispatched_at, locked.finished_at = timezone.now(), None, None
        locked.save(update_fields=("state", "line", "tries", "next_try_at", "dispatched_at", "finished_at"))
        announce_work()
        write(actor, Action.WEBHOOK_CHANGED, endpoint=endpoint.pk, change="sent again", delivery=locked.pk)
    return True


def forget_old() -> int:
    """Delete deliveries, and their log, that were made WEBHOOK_LOG_DAYS ago; how many. What is under way stays."""
    before = timezone.now() - timedelta(days=settings.WEBHOOK_LOG_DAYS)
    old = WebhookDelivery.objects.filter(
        created_at__lt=before, state__in=(*DeliveryState.final(), DeliveryState.HELD)
    ).order_by("created_at")
    count = 0
    while batch := list(old.values_list("pk", flat=True)[:1000]):
        WebhookDelivery.objects.filter(pk__in=batch).delete()
        count += len(batch)
    return count


def _deliveries_of(events: Sequence[CaseEvent]) -> Iterable[WebhookDelivery]:
    # Locked, so that none of a case's deliveries ends unnoticed while the next one is put behind it.
    endpoints = list(WebhookEndpoint.objects.filter(active=True).select_for_update(no_key=True).order_by("pk"))
    unfinished = WebhookDelivery.objects.filter(
        endpoint__in=endpoints, line__in={event.case_id for event in events}, state__in=UNFINISHED
    )
    busy = set(unfinished.values_list("endpoint_id", "line_id")) if endpoints else set()
    for event in events:
        for endpoint in endpoints:
            if event.kind not in endpoint.kinds or endpoint.vendor not in ("", event.case.vendor):
                continue
            line = (endpoint.pk, event.case_id)
            state = DeliveryState.HELD if line in busy else DeliveryState.QUEUED
            busy.add(line)
            yield WebhookDelivery(
                endpoint=endpoint,
                event=event,
                line=event.case,
                webhook_id=new_id(),
                body=body_of(event),
                state=state,
            )


def _due_now() -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(
        state=DeliveryState.QUEUED, dispatched_at=None, next_try_at__lte=timezone.now()
    )


def _under_way() -> QuerySet[WebhookDelivery]:
    handed_over = Q(state=DeliveryState.QUEUED, dispatched_at__isnull=False)
    return WebhookDelivery.objects.filter(Q(state=DeliveryState.SENDING) | handed_over)


def _locked(
    endpoint_pk: int, delivery_pk: int, *, skip_locked: bool = False
) -> tuple[WebhookEndpoint | None, WebhookDelivery | None]:
    """Always the endpoint before its delivery, so that no two writers wait for each other."""
    endpoints = WebhookEndpoint.objects.select_for_update(no_key=True, skip_locked=skip_locked)
    deliveries = WebhookDelivery.objects.select_for_update(skip_locked=skip_locked)
    endpoint = endpoints.filter(pk=endpoint_pk).first()
    return endpoint, deliveries.filter(pk=delivery_pk, endpoint=endpoint).first() if endpoint else None


def _log(delivery: WebhookDelivery, answer: Answer, headers: dict[str, str]) -> None:
    WebhookTry.objects.create(
        delivery=delivery,
        headers=headers,
        status=answer.status,
        elapsed_ms=answer.elapsed_ms,
        detail=answer.detail.replace("\x00", "\ufffd")[:500],
    )


def _pause(tries: int, answer: Answer) -> timedelta:
    """Until the next try, after that many."""
    pause = PAUSES[min(tries, len(PAUSES)) - 1]
    if answer.status in (429, 503):
        pause = max(pause, min(_wanted(answer.retry_after), LONGEST_WAIT))
    return pause * (1 + _random.uniform(0, JITTER))


def _wanted(retry_after: str) -> timedelta:
    """Seconds or a date (RFC 9110 section 10.2.3); nothing at all where it is neither."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), 10**8))
    try:
        at = parsedate_to_datetime(text)
        return max(timedelta(0), at - timezone.now()) if at.tzinfo else timedelta(0)
    except (ValueError, OverflowError):
        return timedelta(0)


def _fail(endpoint: WebhookEndpoint, delivery: WebhookDelivery, *, pause: timedelta) -> None:
    is_test = delivery.event_id is None
    now = timezone.now()
    if not is_test and endpoint.failing_since is None:
        endpoint.failing_since = now
        endpoint.save(update_fields=("failing_since",))
    if is_test or delivery.tries >= MOST_TRIES:
        long_ago = endpoint.failing_since and endpoint.failing_since <= now - timedelta(
            days=settings.WEBHOOK_FAILING_DAYS
        )
        _end(endpoint, delivery, DeliveryState.GIVEN_UP, stop=FAILING if long_ago and not is_test else "")
        return
    delivery.state = DeliveryState.QUEUED if endpoint.active else DeliveryState.HELD
    delivery.lease_until, delivery.dispatched_at, delivery.next_try_at = None, None, now + pause
    delivery.save(update_fields=("state", "lease_until", "dispatched_at", "next_try_at"))
    announce_work()


def _end(endpoint: WebhookEndpoint, delivery: WebhookDelivery, state: DeliveryState, *, stop: str = "") -> None:
    """Delivered or given up: the next of the case may go."""
    delivery.state, delivery.lease_until, delivery.finished_at = state, None, timezone.now()
    delivery.save(update_fields=("state", "lease_until", "finished_at"))
    if state == DeliveryState.DELIVERED and delivery.event_id is not None and endpoint.failing_since is not None:
        endpoint.failing_since = None
        endpoint.save(update_fields=("failing_since",))
    if endpoint.active and delivery.line_id is not None:
        held = endpoint.deliveries.filter(line=delivery.line_id, state=DeliveryState.HELD)
        following = held.order_by("pk").values("pk")[:1]
        WebhookDelivery.objects.filter(pk__in=following).update(
            state=DeliveryState.QUEUED, next_try_at=timezone.now(), dispatched_at=None
        )
    announce_work()
    if stop:
        switch_off(ITSELF, endpoint, because=stop)
