"""A healthy domain at Microsoft 365: the test message is found in the inbox."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="fine-microsoft",
    title="Everything works, the mailbox is at Microsoft 365",
    address="anna@fine-microsoft.test",
    article="verification",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "fine-microsoft.test": {"MX": ("10 fine-microsoft-test.mail.protection.outlook.com.",)},
        "fine-microsoft-test.mail.protection.outlook.com": {"A": ("198.51.100.2",)},
    },
    hosts={
        ("198.51.100.2", 25): Smtp(
            greeting="Microsoft ESMTP MAIL Service ready",
            taken="250 2.6.0 <{queue_id}@{host}> Queued mail for delivery",
        )
    },
)
