"""A mailbox that gets more mail in an hour than it may."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="busy-mailbox",
    title="The mailbox gets more than it may within an hour",
    address="anna@busy-mailbox.test",
    expects="recipient.rate-limited",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "busy-mailbox.test": {"MX": ("10 mx.busy-mailbox.test.",)},
        "mx.busy-mailbox.test": {"A": ("198.51.100.99",)},
    },
    hosts={
        ("198.51.100.99", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "450 4.2.1 <{recipient}>: this recipient is receiving mail at a rate that prevents "
                    "additional messages from being delivered"
                )
            }
        ),
    },
)
