"""Our relay took the message; their server has not been heard."""

from datetime import UTC, datetime

from diagnostics.domain import SendOutcome, Transmission, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.test_message import TestMessageReport

WENT = datetime(2026, 1, 6, 8, 0, tzinfo=UTC)

scenario = Scenario(
    slug="open-relayed",
    title="The message is with our relay, nobody knows more",
    address="anna@open-relayed.test",
    verdict=Verdict.INCONCLUSIVE,
    reports=(TestMessageReport("open-relayed.test", WENT, Transmission(SendOutcome.RELAYED, "django")),),
    zone={
        "open-relayed.test": {"MX": ("10 mx.open-relayed.test.",)},
        "mx.open-relayed.test": {"A": ("198.51.100.166",)},
    },
    hosts={
        ("198.51.100.166", 25): Smtp(),
    },
)
