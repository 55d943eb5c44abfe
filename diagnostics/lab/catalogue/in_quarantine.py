"""Microsoft 365 takes the test message; the customer finds it in the quarantine."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Folder, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="in-quarantine",
    title="Microsoft 365 keeps the message in quarantine",
    address="anna@in-quarantine.test",
    article="verification",
    expects="placed.quarantine",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    customer_says="quarantine",
    zone={
        "in-quarantine.test": {"MX": ("10 in-quarantine-test.mail.protection.outlook.com.",)},
        "in-quarantine-test.mail.protection.outlook.com": {"A": ("198.51.100.36",)},
    },
    hosts={
        ("198.51.100.36", 25): Smtp(
            folder=Folder.QUARANTINE,
            greeting="Microsoft ESMTP MAIL Service ready",
            taken="250 2.6.0 <{queue_id}@{host}> Queued mail for delivery",
        )
    },
)
