"""An endpoint's deliveries, newest first, in pages that stay where they are while new ones come (keyset pagination)."""

from __future__ import annotations

from dataclasses import dataclass

from django.core import signing
from django.db.models import OuterRef, Subquery

from diagnostics.models import WebhookDelivery, WebhookEndpoint, WebhookTry
from portal.console.webhooks.words import delivery_tag, type_of
from portal.console.words import Tag

PAGE_SIZE = 25
CURSOR_SALT = "portal.console.webhooks.cursor"


@dataclass(frozen=True, slots=True)
class Row:
    """One delivery and what its last try came to."""

    delivery: WebhookDelivery
    status: int | None
    detail: str
    elapsed_ms: int | None

    @property
    def tag(self) -> Tag:
        return delivery_tag(self.delivery)

    @property
    def type(self) -> str:
        return type_of(self.delivery)

    @property
    def reference(self) -> str:
        """The case's; empty for a test."""
        return self.delivery.event.case.reference if self.delivery.event else ""


@dataclass(frozen=True, slots=True)
class Page:
    """`cursor` asks for the next page, empty on the last. `misread`: the cursor asked for was not ours."""

    rows: tuple[Row, ...]
    cursor: str = ""
    misread: bool = False


def page_of(endpoint: WebhookEndpoint, cursor: str = "") -> Page:
    """The deliveries after the cursor, with one query."""
    position = _position(cursor, endpoint) if cursor else None
    last = WebhookTry.objects.filter(delivery=OuterRef("pk")).order_by("-pk")
    deliveries = (
        WebhookDelivery.objects.filter(endpoint=endpoint)
        .select_related("event__case")
        .defer("body")
        .annotate(
            last_status=Subquery(last.values("status")[:1]),
            last_detail=Subquery(last.values("detail")[:1]),
            last_elapsed=Subquery(last.values("elapsed_ms")[:1]),
        )
        .order_by("-pk")
    )
    if position is not None:
        deliveries = deliveries.filter(pk__lt=position)
    found = list(deliveries[: PAGE_SIZE + 1])
    rows = tuple(Row(one, one.last_status, one.last_detail or "", one.last_elapsed) for one in found[:PAGE_SIZE])
    more = _cursor(endpoint, rows[-1].delivery) if len(found) > PAGE_SIZE else ""
    return Page(rows, more, misread=bool(cursor) and position is None)


def _cursor(endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> str:
    return signing.Signer(salt=CURSOR_SALT).sign_object([endpoint.pk, delivery.pk])


def _position(cursor: str, endpoint: WebhookEndpoint) -> int | None:
    try:
        of, pk = signing.Signer(salt=CURSOR_SALT).unsign_object(cursor)
    except signing.BadSignature:
        return None
    return int(pk) if of == endpoint.pk else None
