"""A security scanner followed the link two seconds after delivery."""

from datetime import UTC, datetime, timedelta

from diagnostics.domain import SendEvent, SendEventKind, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

ASKED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

scenario = Scenario(
    slug="link-scanned",
    title="A scanner used the link before the reader did",
    address="anna@link-scanned.test",
    expects="link.scanned",
    verdict=Verdict.LIKELY_CAUSE,
    tier=1,
    events=(
        SendEvent(SendEventKind.QUEUED, ASKED, "sendgrid"),
        SendEvent(SendEventKind.DELIVERED, ASKED + timedelta(seconds=3), "postmark", reply="250 2.0.0 Ok: queued"),
        SendEvent(SendEventKind.CLICKED, ASKED + timedelta(seconds=5), "postmark", user_agent="python-requests/2.32"),
    ),
    zone={
        "link-scanned.test": {"MX": ("10 mx.link-scanned.test.",)},
        "mx.link-scanned.test": {"A": ("203.0.113.138",)},
    },
    hosts={("203.0.113.138", 25): Smtp()},
)
