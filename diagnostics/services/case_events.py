"""What happens to cases, told to whoever wants to know: the API's list, webhooks, notes on tickets.

An event is written in the transaction of what happened, and published by the dispatcher once that has committed: it
gets the next position, and in the same transaction every consumer makes its rows of it. Positions are given by one
transaction at a time, so whoever has read up to one never misses a lower one. An event that commits late only gets a
later position.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from diagnostics.models import Case, CaseEvent, CaseEventKind
from diagnostics.services.alone import alone_in_this_transaction
from diagnostics.services.work import CHANNEL

LOCK = 0xE7E27
"""The advisory lock of whoever gives positions."""
BATCH = 200

Consumer = Callable[[Sequence[CaseEvent]], object]
"""Makes rows of events, which come in their order and with their cases; its failure keeps them from being published."""


def announce(case: Case, kind: CaseEventKind, **data: str | int) -> None:
    """Write the event down in the caller's transaction; `data` holds codes only, never an address.

    It holds the case's row until that ends. So the events of one case are written one transaction after the other, and
    the order of their ids is the order in which they happened.
    """
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(f"{HOLD};{ANNOUNCE}", {"case_ids": [case.pk]} | values_of([(case.pk, kind, data)]))


def values_of(told: Iterable[tuple[int, CaseEventKind, Mapping[str, str | int]]]) -> dict[str, Any]:
    """What the script `ANNOUNCE` is executed with: the events' cases, kinds and data."""
    events = [{"case_id": case_id, "kind": kind, "data": data} for case_id, kind, data in told]
    return {"events": json.dumps(events), "event_at": timezone.now(), "channel": CHANNEL}


HOLD = "SELECT id FROM diagnostics_case WHERE id = ANY(%(case_ids)s::bigint[]) ORDER BY id FOR NO KEY UPDATE"
"""Cases until the transaction ends."""
ANNOUNCE = """
INSERT INTO diagnostics_caseevent (case_id, kind, data, at)
SELECT case_id, kind, data, %(event_at)s
FROM jsonb_to_recordset(%(events)s::jsonb) AS told(case_id bigint, kind text, data jsonb) RETURNING id;
SELECT pg_notify(%(channel)s, '')
"""
"""`announce` for those who send it with other statements of their transaction and hold the cases."""


def publish(consumers: Iterable[Consumer]) -> int:
    """Give committed events their positions, in the order of their ids, and tell the consumers; how many, at most a
    batch; none where somebody else is at it.

    No consumer hears of the cases of API clients' tests: those have a position for the test client's own list.
    """
    with transaction.atomic():
        if not alone_in_this_transaction(LOCK):
            return 0
        # After the lock: what its last holder has committed is seen.
        held = (
            CaseEvent.objects.filter(position=None)
            .select_for_update(of=("self",), no_key=True)
            .select_related("case__api_client")
        )
        events = list(held.order_by("pk")[:BATCH])
        if events:
            _place(events)
        real = [event for event in events if not event.case.is_test]
        for consume in consumers if real else ():
            consume(real)
    return len(events)


def _place(events: Sequence[CaseEvent]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval('diagnostics_caseevent_position_seq') FROM generate_series(1, %s)", [len(events)]
        )
        for event, (position,) in zip(events, sorted(cursor.fetchall()), strict=True):
            event.position = position
        cursor.execute(
            "UPDATE diagnostics_caseevent e SET position = placed.position"
            " FROM unnest(%s::bigint[], %s::bigint[]) AS placed (id, position) WHERE e.id = placed.id",
            [[event.pk for event in events], [event.position for event in events]],
        )
