"""What agents read in a case's timeline for each code. Short and exact: agents know the subject."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from diagnostics.domain import SendEventKind, Status
from diagnostics.models import CaseEventKind, DeliveryState, LinkKind, NoteState, Viewer
from diagnostics.services.audit import Action
from portal.console.words import Words

SEND_EVENTS: Mapping[str, Words] = {
    SendEventKind.QUEUED: _("taken over by the sending service"),
    SendEventKind.SENT: _("sent by the sending service"),
    SendEventKind.REJECTED: _("refused by the sending service"),
    SendEventKind.FAILED: _("failed at the sending service"),
    SendEventKind.BOUNCED: _("came back"),
    SendEventKind.DEFERRED: _("put off by their server"),
    SendEventKind.DELIVERED: _("taken by their server"),
    SendEventKind.AUTORESPONDED: _("answered automatically"),
    SendEventKind.OPENED: _("opened"),
    SendEventKind.CLICKED: _("a link in it was followed"),
    SendEventKind.COMPLAINED: _("reported as spam"),
    SendEventKind.UNSUBSCRIBED: _("unsubscribed"),
    SendEventKind.OTHER: _("something else"),
}
SEND_EVENT_STATUSES: Mapping[str, Status] = {
    SendEventKind.DELIVERED: Status.FINE,
    SendEventKind.OPENED: Status.FINE,
    SendEventKind.CLICKED: Status.FINE,
    SendEventKind.REJECTED: Status.PROBLEM,
    SendEventKind.FAILED: Status.PROBLEM,
    SendEventKind.BOUNCED: Status.PROBLEM,
    SendEventKind.DEFERRED: Status.PROBLEM,
    SendEventKind.COMPLAINED: Status.PROBLEM,
    SendEventKind.UNSUBSCRIBED: Status.PROBLEM,
}
"""What is not listed is neither good nor bad."""
VIEWERS: Mapping[str, Words] = {
    Viewer.OWNER: _("Seen by the customer"),
    Viewer.IT: _("Seen by whoever has the link for IT"),
    Viewer.AGENT: _("Seen by an agent"),
    Viewer.EMBED: _("Seen in the helpdesk"),
}
LINKS: Mapping[str, Words] = {
    LinkKind.OWNER: _("Link to the case made, for the customer"),
    LinkKind.IT: _("Link to the page for IT made"),
}
TOLD: Mapping[str, Words] = {
    CaseEventKind.CASE_CREATED: _("Event for other systems: the case was opened"),
    CaseEventKind.RUN_FINISHED: _("Event for other systems: a run has finished"),
    CaseEventKind.CASE_RESOLVED: _("Event for other systems: the case is resolved"),
}
NOTE_STATES: Mapping[str, Words] = {
    NoteState.QUEUED: _("Waiting"),
    NoteState.POSTING: _("Being posted"),
    NoteState.POSTED: _("Posted"),
    NoteState.FAILED: _("Not posted"),
}
NOTE_STATUSES: Mapping[str, Status] = {
    NoteState.QUEUED: Status.CHECKING,
    NoteState.POSTING: Status.CHECKING,
    NoteState.POSTED: Status.FINE,
    NoteState.FAILED: Status.PROBLEM,
}
DELIVERIES: Mapping[str, Words] = {
    DeliveryState.HELD: _("held back"),
    DeliveryState.QUEUED: _("waiting"),
    DeliveryState.SENDING: _("being sent"),
    DeliveryState.DELIVERED: _("delivered"),
    DeliveryState.GIVEN_UP: _("given up"),
}
ACTIONS: Mapping[str, Words] = {
    Action.CASE_EXPORTED: _("Exported"),
    Action.CASE_REOPENED: _("Opened again"),
    Action.LINK_MADE: _("Link made"),
    Action.LINK_REVOKED: _("Link revoked"),
}
"""What of the audit trail a case's timeline tells; the rest is told there by what it is about."""
