"""Healthy: the confirmation is full of words that refusals have."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="fine-with-odd-words",
    title="Everything works, the confirmation reads like a refusal",
    address="anna@fine-with-odd-words.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "fine-with-odd-words.test": {"MX": ("10 mx.fine-with-odd-words.test.",)},
        "mx.fine-with-odd-words.test": {"A": ("198.51.100.142",)},
    },
    hosts={
        ("198.51.100.142", 25): Smtp(
            taken="250 2.0.0 Ok: queued as {queue_id}, not spam, user known, mailbox not full, no error 550"
        ),
    },
)
