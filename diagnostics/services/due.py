"""Whether there is anything for the dispatcher to do: one statement, for looks that mostly find nothing."""

from __future__ import annotations

from typing import NamedTuple

from diagnostics.models import DeliveryState, GroupState, MessageState, NoteState
from diagnostics.services.prepared import rows


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
    ((*kinds,),) = rows(_DUE, ())
    return Due(*kinds)


# States are part of the text: a kept plan makes use of an index of what waits only where it knows that it is asked of.
_DUE = f"""
SELECT
    EXISTS (SELECT FROM diagnostics_group WHERE state = '{GroupState.QUEUED}' AND dispatched_at IS NULL),
    EXISTS (SELECT FROM diagnostics_caseevent WHERE position IS NULL),
    EXISTS (SELECT FROM diagnostics_testmessage WHERE state = '{MessageState.QUEUED}' AND dispatched_at IS NULL)
        OR EXISTS (SELECT FROM diagnostics_testmessage
                   WHERE state = '{MessageState.DEFERRED}' AND next_try_at IS NOT NULL
                   AND next_try_at <= statement_timestamp()),
    EXISTS (SELECT FROM diagnostics_webhookdelivery
            WHERE state = '{DeliveryState.QUEUED}' AND dispatched_at IS NULL AND next_try_at <= statement_timestamp()),
    EXISTS (SELECT FROM diagnostics_ticketnote
            WHERE state = '{NoteState.QUEUED}' AND dispatched_at IS NULL AND next_try_at <= statement_timestamp())
"""  # noqa: S608 - words of ours
