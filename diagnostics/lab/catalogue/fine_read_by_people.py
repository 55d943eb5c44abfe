"""Healthy: a scanner looks at the message first, a person opens it later."""

from datetime import UTC, datetime, timedelta

from diagnostics.domain import SendEvent, SendEventKind, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

ASKED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

scenario = Scenario(
    slug="fine-read-by-people",
    title="Everything works, after a scanner had a look",
    address="anna@fine-read-by-people.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    tier=1,
    events=(
        SendEvent(SendEventKind.QUEUED, ASKED, "sendgrid"),
        SendEvent(SendEventKind.DELIVERED, ASKED + timedelta(seconds=2), "postmark", reply="250 2.0.0 Ok"),
        SendEvent(SendEventKind.OPENED, ASKED + timedelta(seconds=3), "postmark", user_agent="python-requests/2.32"),
        SendEvent(SendEventKind.OPENED, ASKED + timedelta(minutes=2), "postmark", user_agent="Mozilla/5.0"),
    ),
    zone={
        "fine-read-by-people.test": {"MX": ("10 mx.fine-read-by-people.test.",)},
        "mx.fine-read-by-people.test": {"A": ("198.51.100.160",)},
    },
    hosts={
        ("198.51.100.160", 25): Smtp(),
    },
)
