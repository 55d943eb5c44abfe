"""Microsoft 365 blocks at its edge: the mailbox is not in the tenant's directory."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="not-synced",
    title="Microsoft 365 has not heard of the mailbox",
    address="anna@not-synced.test",
    expects="mailbox.not-synced",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "not-synced.test": {"MX": ("10 mx.not-synced.test.",)},
        "mx.not-synced.test": {"A": ("192.0.2.50",)},
    },
    hosts={
        ("192.0.2.50", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "550 5.4.1 Recipient address rejected: Access denied. "
                    "[AM0EUR02FT003.eop-EUR02.prod.protection.outlook.com]"
                )
            },
            greeting="Microsoft ESMTP MAIL Service ready",
        )
    },
)
