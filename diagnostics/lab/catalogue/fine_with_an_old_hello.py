"""Healthy: the server does not know EHLO and takes HELO."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Encryption, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="fine-with-an-old-hello",
    title="Everything works, their server is thirty years old",
    address="anna@fine-with-an-old-hello.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "fine-with-an-old-hello.test": {"MX": ("10 mx.fine-with-an-old-hello.test.",)},
        "mx.fine-with-an-old-hello.test": {"A": ("198.51.100.143",)},
    },
    hosts={
        ("198.51.100.143", 25): Smtp(knows_ehlo=False, encryption=Encryption.ABSENT),
    },
)
