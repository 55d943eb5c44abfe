"""Healthy: Mimecast in front of Google Workspace, and the message is found."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="fine-behind-mimecast",
    title="Everything works, Mimecast filters for Google",
    address="anna@fine-behind-mimecast.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "fine-behind-mimecast.test": {"MX": ("10 eu-smtp-inbound-lab3.mimecast.com.",)},
        "eu-smtp-inbound-lab3.mimecast.com": {"A": ("198.51.100.153",)},
    },
    hosts={
        ("198.51.100.153", 25): Smtp(taken="250 SmtpThread-{queue_id} Received OK [{queue_id}.eu{queue_id}]"),
    },
)
