"""The real code e-mail came back with a reason; the server says nothing of it to anybody else."""

from datetime import UTC, datetime, timedelta

from diagnostics.domain import SendEvent, SendEventKind, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

ASKED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
REPLY = "554 5.7.1 Service unavailable; Client host [192.0.2.11] blocked using zen.spamhaus.org"

scenario = Scenario(
    slug="code-mail-blocklisted",
    title="The code e-mail came back: our server is on a list",
    address="anna@code-mail-blocklisted.test",
    expects="sender.listed",
    verdict=Verdict.CAUSE_FOUND,
    tier=1,
    events=(
        SendEvent(SendEventKind.QUEUED, ASKED, "sendgrid"),
        SendEvent(SendEventKind.BOUNCED, ASKED + timedelta(seconds=3), "postmark", reply=REPLY),
    ),
    zone={
        "code-mail-blocklisted.test": {"MX": ("10 mx.code-mail-blocklisted.test.",)},
        "mx.code-mail-blocklisted.test": {"A": ("198.51.100.134",)},
    },
    hosts={
        ("198.51.100.134", 25): Smtp(),
    },
)
