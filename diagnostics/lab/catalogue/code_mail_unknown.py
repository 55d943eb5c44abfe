"""The real code e-mail came back with a reason; the server says nothing of it to anybody else."""

from datetime import UTC, datetime, timedelta

from diagnostics.domain import SendEvent, SendEventKind, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

ASKED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
REPLY = "smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient anna@code-mail-unknown.test not found"

scenario = Scenario(
    slug="code-mail-unknown",
    title="The code e-mail came back: nobody of that name",
    address="anna@code-mail-unknown.test",
    expects="mailbox.unknown",
    verdict=Verdict.CAUSE_FOUND,
    tier=1,
    events=(
        SendEvent(SendEventKind.QUEUED, ASKED, "sendgrid"),
        SendEvent(SendEventKind.BOUNCED, ASKED + timedelta(seconds=3), "postmark", reply=REPLY),
    ),
    zone={
        "code-mail-unknown.test": {"MX": ("10 mx.code-mail-unknown.test.",)},
        "mx.code-mail-unknown.test": {"A": ("198.51.100.133",)},
    },
    hosts={
        ("198.51.100.133", 25): Smtp(),
    },
)
