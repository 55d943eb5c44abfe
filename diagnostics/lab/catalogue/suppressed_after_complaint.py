"""Somebody reported a message as spam; the sending service does not let us lift that."""

from datetime import UTC, datetime

from diagnostics.domain import Suppression, SuppressionReason, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="suppressed-after-complaint",
    title="Our sending service stopped sending after a spam report",
    address="anna@suppressed-after-complaint.test",
    expects="suppressed.complaint",
    verdict=Verdict.CAUSE_FOUND,
    tier=1,
    suppressed=(
        Suppression("postmark", SuppressionReason.COMPLAINT, datetime(2026, 3, 1, tzinfo=UTC), "SpamComplaint"),
    ),
    zone={
        "suppressed-after-complaint.test": {"MX": ("10 mx.suppressed-after-complaint.test.",)},
        "mx.suppressed-after-complaint.test": {"A": ("203.0.113.131",)},
    },
    hosts={("203.0.113.131", 25): Smtp()},
)
