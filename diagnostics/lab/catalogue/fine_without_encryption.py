"""Healthy: no STARTTLS, and nobody asks for it."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Encryption, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="fine-without-encryption",
    title="Everything works, without encryption",
    address="anna@fine-without-encryption.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "fine-without-encryption.test": {"MX": ("10 mx.fine-without-encryption.test.",)},
        "mx.fine-without-encryption.test": {"A": ("198.51.100.144",)},
    },
    hosts={
        ("198.51.100.144", 25): Smtp(encryption=Encryption.ABSENT),
    },
)
