"""Healthy: host names in capital letters, as some panels write them."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="fine-in-capitals",
    title="Everything works, THE RECORDS SHOUT",
    address="anna@fine-in-capitals.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "fine-in-capitals.test": {"MX": ("10 MX.FINE-In-Capitals.TEST.",)},
        "mx.fine-in-capitals.test": {"A": ("198.51.100.150",)},
    },
    hosts={("198.51.100.150", 25): Smtp()},
)
