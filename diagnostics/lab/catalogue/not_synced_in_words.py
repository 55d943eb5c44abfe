"""Exchange Online's edge, with the trailer of its newer servers."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="not-synced-in-words",
    title="Exchange Online's edge has no such recipient",
    address="anna@not-synced-in-words.test",
    expects="mailbox.not-synced",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "not-synced-in-words.test": {"MX": ("10 not-synced-in-words-test.mail.protection.outlook.com.",)},
        "not-synced-in-words-test.mail.protection.outlook.com": {"A": ("198.51.100.79",)},
    },
    hosts={
        ("198.51.100.79", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "550 5.4.1 Recipient address rejected: Access denied. For more information see "
                    "https://aka.ms/EXOSmtpErrors [HE1EUR05FT048.eop-eur05.prod.protection.outlook.com "
                    "2026-01-05T09:00:00.000Z 08DE]"
                )
            },
            greeting="Microsoft ESMTP MAIL Service ready",
        ),
    },
)
