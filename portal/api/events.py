"""What happened to cases, in an order in which nothing is ever skipped."""

from __future__ import annotations

from django.db.models import QuerySet
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
    """In the order in which they were published, so that none can come before one that was shown."""
    reached = 0
    if text is not None:
        (reached,) = read_cursor("e", text)
    events = list(found.filter(position__gt=reached).select_related("case").order_by("position")[: limit + 1])
    shown = events[:limit]
    last = shown[-1].position if shown else None
    following = text if last is None else cursor("e", last)
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
