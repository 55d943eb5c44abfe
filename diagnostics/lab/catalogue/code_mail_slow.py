"""The service needed 25 minutes for the code e-mail, and their server never put it off."""

from datetime import UTC, datetime, timedelta

from diagnostics.domain import SendEvent, SendEventKind, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

ASKED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

scenario = Scenario(
    slug="code-mail-slow",
    title="The code e-mail was delivered late, by nobody's words",
    address="anna@code-mail-slow.test",
    expects="arrived.late",
    verdict=Verdict.CAUSE_FOUND,
    tier=1,
    events=(
        SendEvent(SendEventKind.QUEUED, ASKED, "sendgrid"),
        SendEvent(SendEventKind.DELIVERED, ASKED + timedelta(minutes=25), "postmark", reply="250 2.0.0 Ok"),
    ),
    zone={
        "code-mail-slow.test": {"MX": ("10 mx.code-mail-slow.test.",)},
        "mx.code-mail-slow.test": {"A": ("198.51.100.136",)},
    },
    hosts={
        ("198.51.100.136", 25): Smtp(),
    },
)
