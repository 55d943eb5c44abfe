"""Healthy: nobody has looked at our own side for hours; that says nothing about the customer's."""

from datetime import timedelta

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="fine-while-we-sleep",
    title="Everything works, and nobody knows how our own side is",
    address="anna@fine-while-we-sleep.test",
    article="timeclock-unwatched",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    our_side_seen=timedelta(hours=5),
    zone={
        "fine-while-we-sleep.test": {"MX": ("10 mx.fine-while-we-sleep.test.",)},
        "mx.fine-while-we-sleep.test": {"A": ("198.51.100.173",)},
    },
    hosts={
        ("198.51.100.173", 25): Smtp(),
    },
)
