"""Exchange Online finds no recipient of that address."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mailbox-unknown-microsoft",
    title="Microsoft 365 knows no such mailbox",
    address="anna@mailbox-unknown-microsoft.test",
    article="verification",
    expects="mailbox.unknown",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "mailbox-unknown-microsoft.test": {"MX": ("10 mailbox-unknown-microsoft-test.mail.protection.outlook.com.",)},
        "mailbox-unknown-microsoft-test.mail.protection.outlook.com": {"A": ("198.51.100.16",)},
    },
    hosts={
        ("198.51.100.16", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient {recipient} not found by SMTP address lookup"
                )
            },
            greeting="Microsoft ESMTP MAIL Service ready",
        )
    },
)
