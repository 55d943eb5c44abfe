"""The code e-mail was delivered and read; the test message arrives as well."""

from datetime import UTC, datetime, timedelta

from diagnostics.domain import SendEvent, SendEventKind, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

ASKED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

scenario = Scenario(
    slug="fine-code-delivered",
    title="The code e-mail was delivered and opened",
    address="anna@fine-code-delivered.test",
    verdict=Verdict.NOTHING_FOUND,
    tier=1,
    events=(
        SendEvent(SendEventKind.QUEUED, ASKED, "sendgrid"),
        SendEvent(SendEventKind.DELIVERED, ASKED + timedelta(seconds=3), "postmark", reply="250 2.0.0 Ok: queued"),
        SendEvent(SendEventKind.OPENED, ASKED + timedelta(seconds=40), "postmark", user_agent="Mozilla/5.0"),
    ),
    sends_message=True,
    customer_says="arrived",
    zone={
        "fine-code-delivered.test": {"MX": ("10 mx.fine-code-delivered.test.",)},
        "mx.fine-code-delivered.test": {"A": ("203.0.113.139",)},
    },
    hosts={("203.0.113.139", 25): Smtp()},
)
