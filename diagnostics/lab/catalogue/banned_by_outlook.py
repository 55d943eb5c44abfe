"""Outlook.com's own list for consumers."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="banned-by-outlook",
    title="Outlook.com blocks our address",
    address="anna@banned-by-outlook.test",
    expects="sender.provider-listed",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "banned-by-outlook.test": {"MX": ("10 mx.banned-by-outlook.test.",)},
        "mx.banned-by-outlook.test": {"A": ("198.51.100.90",)},
    },
    hosts={
        ("198.51.100.90", 25): Smtp(
            replies={
                SmtpStage.MAIL: (
                    "550 5.7.1 Unfortunately, messages from [198.51.100.250] weren't sent. Please contact "
                    "your Internet service provider since part of their network is on our block list (S3150)."
                )
            },
            greeting="Microsoft ESMTP MAIL Service ready",
        ),
    },
)
