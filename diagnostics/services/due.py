"""Whether there is anything for the dispatcher to do: one statement, for looks that mostly find nothing."""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection

from diagnostics.models import DeliveryState, GroupState, MessageState, NoteState


class Due(NamedTuple):
    """Whether there is work of each kind that waits for a place at the broker, or for its own time to come."""

    groups: bool
    events: bool
    messages: bool
    """Put-off ones whose time has come are among them."""
    deliveries: bool
    notes: bool


def look() -> Due:
    """What is due now. Each part is answered by an index that holds only what waits."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, _STATES)
        return Due(*cursor.fetchone())


_STATES = {
    "group": GroupState.QUEUED,
    "message": MessageState.QUEUED,
    "deferred": MessageState.DEFERRED,
    "delivery": DeliveryState.QUEUED,
    "note": NoteState.QUEUED,
}
_DUE = """
SELECT
    EXISTS (SELECT FROM diagnostics_group WHERE state = %(group)s AND dispatched_at IS NULL),
    EXISTS (SELECT FROM diagnostics_caseevent WHERE position IS NULL),
    EXISTS (SELECT FROM diagnostics_testmessage WHERE state = %(message)s AND dispatched_at IS NULL)
        OR EXISTS (SELECT FROM diagnostics_testmessage
                   WHERE state = %(deferred)s AND next_try_at IS NOT NULL AND next_try_at <= statement_timestamp()),
    EXISTS (SELECT FROM diagnostics_webhookdelivery
            WHERE state = %(delivery)s AND dispatched_at IS NULL AND next_try_at <= statement_timestamp()),
    EXISTS (SELECT FROM diagnostics_ticketnote
            WHERE state = %(note)s AND dispatched_at IS NULL AND next_try_at <= statement_timestamp())
"""
