"""Healthy: last week's code came back because the mailbox was full; today's was delivered."""

from datetime import UTC, datetime, timedelta

from diagnostics.domain import SendEvent, SendEventKind, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

ASKED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LAST_WEEK = ASKED - timedelta(days=6)

scenario = Scenario(
    slug="fine-again-since",
    title="Everything works again since last week",
    address="anna@fine-again-since.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    tier=1,
    events=(
        SendEvent(SendEventKind.QUEUED, LAST_WEEK, "sendgrid", message_id="last-week@timeclock.test"),
        SendEvent(
            SendEventKind.BOUNCED,
            LAST_WEEK + timedelta(seconds=5),
            "postmark",
            message_id="last-week@timeclock.test",
            reply="552 5.2.2 mailbox full",
        ),
        SendEvent(SendEventKind.QUEUED, ASKED, "sendgrid"),
        SendEvent(SendEventKind.DELIVERED, ASKED + timedelta(seconds=4), "postmark", reply="250 2.0.0 Ok"),
    ),
    zone={
        "fine-again-since.test": {"MX": ("10 mx.fine-again-since.test.",)},
        "mx.fine-again-since.test": {"A": ("198.51.100.159",)},
    },
    hosts={
        ("198.51.100.159", 25): Smtp(),
    },
)
