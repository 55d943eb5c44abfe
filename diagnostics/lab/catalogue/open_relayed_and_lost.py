"""Our relay took the message and the customer finds it nowhere: nobody knows who has it."""

from datetime import UTC, datetime

from diagnostics.domain import SendOutcome, Transmission, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.test_message import MailboxAnswer, TestMessageReport, Whereabouts

WENT = datetime(2026, 1, 6, 8, 0, tzinfo=UTC)

scenario = Scenario(
    slug="open-relayed-and-lost",
    title="The message went to our relay and was never seen",
    address="anna@open-relayed-and-lost.test",
    verdict=Verdict.INCONCLUSIVE,
    reports=(
        TestMessageReport("open-relayed-and-lost.test", WENT, Transmission(SendOutcome.RELAYED, "django")),
        MailboxAnswer(Whereabouts.NOWHERE),
    ),
    zone={
        "open-relayed-and-lost.test": {"MX": ("10 mx.open-relayed-and-lost.test.",)},
        "mx.open-relayed-and-lost.test": {"A": ("198.51.100.167",)},
    },
    hosts={
        ("198.51.100.167", 25): Smtp(),
    },
)
