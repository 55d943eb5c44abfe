"""The report about the code e-mail and the list of the service say the same."""

from datetime import UTC, datetime, timedelta

from diagnostics.domain import SendEvent, SendEventKind, Suppression, SuppressionReason, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

ASKED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

scenario = Scenario(
    slug="code-mail-dropped-unsubscribed",
    title="The sending service drops the code: the reader unsubscribed",
    address="anna@code-mail-dropped-unsubscribed.test",
    expects="suppressed.other",
    verdict=Verdict.CAUSE_FOUND,
    tier=1,
    suppressed=(Suppression("postmark", SuppressionReason.UNSUBSCRIBE, ASKED - timedelta(days=3)),),
    events=(
        SendEvent(SendEventKind.QUEUED, ASKED, "sendgrid"),
        SendEvent(SendEventKind.REJECTED, ASKED + timedelta(seconds=1), "sendgrid", reject_reason="unsubscribed"),
    ),
    zone={
        "code-mail-dropped-unsubscribed.test": {"MX": ("10 mx.code-mail-dropped-unsubscribed.test.",)},
        "mx.code-mail-dropped-unsubscribed.test": {"A": ("198.51.100.57",)},
    },
    hosts={
        ("198.51.100.57", 25): Smtp(),
    },
)
