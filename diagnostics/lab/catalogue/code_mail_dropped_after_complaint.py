"""The report about the code e-mail and the list of the service say the same."""

from datetime import UTC, datetime, timedelta

from diagnostics.domain import SendEvent, SendEventKind, Suppression, SuppressionReason, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

ASKED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

scenario = Scenario(
    slug="code-mail-dropped-after-complaint",
    title="The sending service drops the code: the reader once reported us as spam",
    address="anna@code-mail-dropped-after-complaint.test",
    expects="suppressed.complaint",
    verdict=Verdict.CAUSE_FOUND,
    tier=1,
    suppressed=(Suppression("postmark", SuppressionReason.COMPLAINT, ASKED - timedelta(days=3)),),
    events=(
        SendEvent(SendEventKind.QUEUED, ASKED, "sendgrid"),
        SendEvent(SendEventKind.REJECTED, ASKED + timedelta(seconds=1), "sendgrid", reject_reason="spam"),
    ),
    zone={
        "code-mail-dropped-after-complaint.test": {"MX": ("10 mx.code-mail-dropped-after-complaint.test.",)},
        "mx.code-mail-dropped-after-complaint.test": {"A": ("198.51.100.56",)},
    },
    hosts={
        ("198.51.100.56", 25): Smtp(),
    },
)
