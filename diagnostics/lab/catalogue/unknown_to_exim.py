"""Exim, without an enhanced status code."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="unknown-to-exim",
    title="No such user, says a shared host",
    address="anna@unknown-to-exim.test",
    expects="mailbox.unknown",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "unknown-to-exim.test": {"MX": ("10 mx.unknown-to-exim.test.",)},
        "mx.unknown-to-exim.test": {"A": ("198.51.100.73",)},
    },
    hosts={
        ("198.51.100.73", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    '550 "No such person at this address" is all that we can say: unrouteable address {recipient}'
                )
            }
        ),
    },
)
