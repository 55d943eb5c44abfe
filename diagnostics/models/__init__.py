"""What is kept. PostgreSQL is the truth: the broker may lose everything and no case is lost with it.

Only `diagnostics.services`, `diagnostics.dispatch` and the site's account pages write these tables.
"""

from diagnostics.models.api import ApiClient, ApiKey, ApiRequest
from diagnostics.models.audit import AuditEntry
from diagnostics.models.cases import (
    Case,
    CaseLink,
    CaseQuerySet,
    CaseState,
    DeepLink,
    Group,
    GroupState,
    LinkKind,
    NetworkTest,
    ObservationRecord,
    Run,
)
from diagnostics.models.fleet import Incident, Outcome, OutcomeCount, ValueWatch
from diagnostics.models.history import CaseView, Note, Resolution, Viewer
from diagnostics.models.mail import MailStop, MessageState, Purpose, SenderEvent, SuppressionRelease, TestMessage
from diagnostics.models.privacy import Erasure
from diagnostics.models.running import Allowance, Heartbeat, Refusal, UsedProof
from diagnostics.models.tickets import HelpdeskCall, NoteState, TicketNote
from diagnostics.models.vendor import DirectoryEntry, VendorHealthRecord
from diagnostics.models.webhooks import (
    CaseEvent,
    CaseEventKind,
    DeliveryState,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookTry,
)

__all__ = (
    "Allowance",
    "ApiClient",
    "ApiKey",
    "ApiRequest",
    "AuditEntry",
    "Case",
    "CaseEvent",
    "CaseEventKind",
    "CaseLink",
    "CaseQuerySet",
    "CaseState",
    "CaseView",
    "DeepLink",
    "DeliveryState",
    "DirectoryEntry",
    "Erasure",
    "Group",
    "GroupState",
    "Heartbeat",
    "HelpdeskCall",
    "Incident",
    "LinkKind",
    "MailStop",
    "MessageState",
    "NetworkTest",
    "Note",
    "NoteState",
    "ObservationRecord",
    "Outcome",
    "OutcomeCount",
    "Purpose",
    "Refusal",
    "Resolution",
    "Run",
    "SenderEvent",
    "SuppressionRelease",
    "TestMessage",
    "TicketNote",
    "UsedProof",
    "VendorHealthRecord",
    "ValueWatch",
    "Viewer",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookTry",
)
