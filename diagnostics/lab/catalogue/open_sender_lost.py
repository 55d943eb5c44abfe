"""The process that sent the message was lost on the way: it may have left."""

from datetime import UTC, datetime

from diagnostics.domain import SendOutcome, Transmission, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.test_message import TestMessageReport

WENT = datetime(2026, 1, 6, 8, 0, tzinfo=UTC)

scenario = Scenario(
    slug="open-sender-lost",
    title="Nobody knows whether the message left",
    address="anna@open-sender-lost.test",
    verdict=Verdict.INCONCLUSIVE,
    reports=(
        TestMessageReport(
            "open-sender-lost.test", WENT, Transmission(SendOutcome.UNKNOWN, "direct", detail="worker lost")
        ),
    ),
    zone={
        "open-sender-lost.test": {"MX": ("10 mx.open-sender-lost.test.",)},
        "mx.open-sender-lost.test": {"A": ("198.51.100.168",)},
    },
    hosts={
        ("198.51.100.168", 25): Smtp(),
    },
)
