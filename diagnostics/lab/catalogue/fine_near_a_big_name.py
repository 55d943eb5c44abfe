"""Healthy: a real provider whose name is a letter or two away from others."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="fine-near-a-big-name",
    title="Everything works at a domain that looks like a slip",
    address="anna@mail.de",
    article="timeclock",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "mail.de": {"MX": ("10 mx.fine-near-a-big-name.test.",)},
        "mx.fine-near-a-big-name.test": {"A": ("198.51.100.151",)},
    },
    hosts={
        ("198.51.100.151", 25): Smtp(),
    },
)
