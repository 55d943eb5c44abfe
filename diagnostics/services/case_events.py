"""What happens to cases, told to whoever wants to know: the API's list, webhooks, notes on tickets.

An event is written in the transaction of what happened, and published by the dispatcher once that has committed: it
gets the next position, and in the same transaction every consumer makes its rows of it. Positions are given by one
transaction at a time, so whoever has read up to one never misses a lower one. An event that commits late only gets a
later position.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from django.db import connection, transaction

from diagnostics.models import Case, CaseEvent, CaseEventKind
from diagnostics.services.alone import alone_in_this_transaction
from diagnostics.services.work import announce_work

LOCK = 0xE7E27
"""The advisory lock of whoever gives positions."""
BATCH = 200

Consumer = Callable[[Sequence[CaseEvent]], object]
"""Makes rows of events, which come in their order and with their cases; its failure keeps them from being published."""


def announce(case: Case, kind: CaseEventKind, **data: str | int) -> CaseEvent:
    """Write the event down in the caller's transaction; `data` holds codes only, never an address.

    It holds the case's row until that ends. So the events of one case are written one transaction after the other, and
    the order of their ids is the order in which they happened.
    """
    with transaction.atomic(savepoint=False):
        Case.objects.select_for_update(no_key=True).only("pk").get(pk=case.pk)
        event = CaseEvent.objects.create(case=case, kind=kind, data=data)
        announce_work()
    return event


def publish(consumers: Iterable[Consumer]) -> int:
    """Give committed events their positions, in the order of their ids, and tell the consumers; how many, at most a
    batch; none where somebody else is at it.

    No consumer hears of the cases of API clients' tests: those have a position for the test client's own list.
    """
    waiting = CaseEvent.objects.filter(position=None)
    if not waiting.exists():
        return 0
    with transaction.atomic():
        if not alone_in_this_transaction(LOCK):
            return 0
        # After the lock: what its last holder has committed is seen.
        held = waiting.select_for_update(of=("self",), no_key=True).select_related("case__api_client")
        events = list(held.order_by("pk")[:BATCH])
        for event, position in zip(events, _positions(len(events)), strict=True):
            event.position = position
        CaseEvent.objects.bulk_update(events, ("position",))
        real = [event for event in events if not event.case.is_test]
        for consume in consumers if real else ():
            consume(real)
    return len(events)


def _positions(count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('diagnostics_caseevent_position_seq') FROM generate_series(1, %s)", [count])
        return sorted(position for (position,) in cursor.fetchall())
