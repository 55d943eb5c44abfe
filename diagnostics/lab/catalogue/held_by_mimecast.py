"""A gateway takes the test message and holds it; the customer finds it nowhere."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Folder, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="held-by-mimecast",
    title="Taken by Mimecast, then never seen",
    address="anna@held-by-mimecast.test",
    expects="held.by-filter",
    verdict=Verdict.LIKELY_CAUSE,
    sends_message=True,
    customer_says="nowhere",
    zone={
        "held-by-mimecast.test": {"MX": ("10 eu-smtp-inbound-lab.mimecast.com.",)},
        "eu-smtp-inbound-lab.mimecast.com": {"A": ("198.51.100.32",)},
    },
    hosts={
        ("198.51.100.32", 25): Smtp(
            folder=Folder.NOWHERE, taken="250 SmtpThread-{queue_id} Received OK [{queue_id}.uk{queue_id}]"
        )
    },
)
