"""A gateway judges our address by its own reputation, over several lines."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="poor-reputation",
    title="The gateway finds our reputation too poor",
    address="anna@poor-reputation.test",
    expects="sender.provider-listed",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "poor-reputation.test": {"MX": ("10 mx.poor-reputation.test.",)},
        "mx.poor-reputation.test": {"A": ("192.0.2.52",)},
    },
    hosts={
        ("192.0.2.52", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "554-mx.poor-reputation.test\n"
                    "554 Your access to this mail system has been rejected due to the sending MTA's poor "
                    "reputation. If you believe that this failure is in error, please contact the intended "
                    "recipient."
                )
            },
        )
    },
)
