"""The sending service dropped the real code e-mail, and says that the address bounced once."""

from datetime import UTC, datetime, timedelta

from diagnostics.domain import SendEvent, SendEventKind, Suppression, SuppressionReason, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

ASKED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

scenario = Scenario(
    slug="code-mail-dropped",
    title="The sending service dropped the code e-mail",
    address="anna@code-mail-dropped.test",
    expects="suppressed.bounce",
    verdict=Verdict.CAUSE_FOUND,
    tier=1,
    events=(
        SendEvent(SendEventKind.QUEUED, ASKED, "sendgrid"),
        SendEvent(SendEventKind.REJECTED, ASKED + timedelta(seconds=1), "sendgrid", reject_reason="bounced"),
    ),
    suppressed=(Suppression("postmark", SuppressionReason.BOUNCE, ASKED - timedelta(days=9), removable=True),),
    zone={
        "code-mail-dropped.test": {"MX": ("10 mx.code-mail-dropped.test.",)},
        "mx.code-mail-dropped.test": {"A": ("203.0.113.135",)},
    },
    hosts={("203.0.113.135", 25): Smtp()},
)
