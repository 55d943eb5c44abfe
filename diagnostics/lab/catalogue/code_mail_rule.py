"""The real code e-mail came back with a reason; the server says nothing of it to anybody else."""

from datetime import UTC, datetime, timedelta

from diagnostics.domain import SendEvent, SendEventKind, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

ASKED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
REPLY = "550 5.7.1 TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy"

scenario = Scenario(
    slug="code-mail-rule",
    title="The code e-mail came back: a rule of the company's",
    address="anna@code-mail-rule.test",
    expects="policy.custom-rule",
    verdict=Verdict.CAUSE_FOUND,
    tier=1,
    events=(
        SendEvent(SendEventKind.QUEUED, ASKED, "sendgrid"),
        SendEvent(SendEventKind.BOUNCED, ASKED + timedelta(seconds=3), "postmark", reply=REPLY),
    ),
    zone={
        "code-mail-rule.test": {"MX": ("10 mx.code-mail-rule.test.",)},
        "mx.code-mail-rule.test": {"A": ("198.51.100.135",)},
    },
    hosts={
        ("198.51.100.135", 25): Smtp(),
    },
)
