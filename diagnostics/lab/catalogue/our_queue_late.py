"""Ten minutes ago we took the code e-mail over, and it has not left us; other codes are delivered meanwhile."""

from datetime import UTC, datetime, timedelta

from diagnostics.domain import SendEvent, SendEventKind, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

ASKED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

scenario = Scenario(
    slug="our-queue-late",
    title="The code e-mail waits in our own queue",
    address="anna@our-queue-late.test",
    expects="our.queue-late",
    verdict=Verdict.LIKELY_CAUSE,
    tier=1,
    events=(
        SendEvent(
            SendEventKind.QUEUED, ASKED - timedelta(minutes=30), "sendgrid", message_id="an-older-one@timeclock.test"
        ),
        SendEvent(SendEventKind.QUEUED, ASKED, "sendgrid"),
        SendEvent(
            SendEventKind.DELIVERED,
            ASKED + timedelta(minutes=10),
            "postmark",
            message_id="an-older-one@timeclock.test",
            reply="250 2.0.0 Ok",
        ),
    ),
    zone={
        "our-queue-late.test": {"MX": ("10 mx.our-queue-late.test.",)},
        "mx.our-queue-late.test": {"A": ("198.51.100.54",)},
    },
    hosts={
        ("198.51.100.54", 25): Smtp(),
    },
)
