"""What happened to cases, in an order in which nothing is ever skipped."""

from __future__ import annotations

from django.db.models import BigIntegerField, Func, Q, QuerySet
from django.http import HttpResponse
from ninja import Router

from diagnostics.models import CaseEvent, CaseEventKind
from diagnostics.services.api_keys import Scope
from portal.api.answers import read
from portal.api.cases import AuthenticatedRequest, Cursor, HowMany, Reference, address_of
from portal.api.cursors import cursor, read_cursor
from portal.api.principal import KeyWith
from portal.api.schemas import MOST, EventOut, EventPage

router = Router(tags=["Events"])


class OldestUnfinished(Func):
    """Every transaction below this number has ended, so nothing more can come with it."""

    template = "(pg_snapshot_xmin(pg_current_snapshot())::text::bigint)"
    output_field = BigIntegerField()


@router.get("/events", auth=KeyWith(Scope.EVENT_READ), response=EventPage, operation_id="listEvents", url_name="events")
def list_all(request: AuthenticatedRequest, after: Cursor = None, limit: HowMany = 50) -> HttpResponse:
    """What happened to all cases that the key may see, oldest first. Keep `next_cursor` and ask on with it."""
    found = CaseEvent.objects.filter(case__in=request.auth.cases())
    return read(request, _page(found, after, limit or MOST))


@router.get(
    "/cases/{reference}/events",
    auth=KeyWith(Scope.EVENT_READ),
    response=EventPage,
    operation_id="listCaseEvents",
    url_name="case-events",
)
def list_of_case(
    request: AuthenticatedRequest, reference: Reference, after: Cursor = None, limit: HowMany = 50
) -> HttpResponse:
    """What happened to one case, oldest first."""
    found = CaseEvent.objects.filter(case=request.auth.case(reference))
    return read(request, _page(found, after, limit or MOST))


def _page(found: QuerySet[CaseEvent], text: str | None, limit: int) -> EventPage:
    """In the order of transactions, and only of those before which none is unfinished.

    A lower id may be committed after a higher one; a page that had shown the higher one would then have passed it by.
    """
    found = found.filter(transaction__lt=OldestUnfinished())
    if text is not None:
        transaction, pk = read_cursor("e", text)
        found = found.filter(transaction__gte=transaction).filter(Q(transaction__gt=transaction) | Q(pk__gt=pk))
    events = list(found.select_related("case").order_by("transaction", "pk")[: limit + 1])
    shown = events[:limit]
    following = cursor("e", shown[-1].transaction, shown[-1].pk) if shown else text
    return EventPage(items=[_shown(event) for event in shown], next_cursor=following, has_more=len(events) > limit)


def _shown(event: CaseEvent) -> EventOut:
    """Without verdict and cause: those of the event count the vendor's records, which not every key may read."""
    run = event.data.get("run")
    return EventOut(
        id=event.pk,
        kind=CaseEventKind(event.kind),
        case=event.case.reference,
        at=event.at,
        run=run if isinstance(run, int) else None,
        diagnosis=address_of("diagnosis", event.case.reference),
    )
