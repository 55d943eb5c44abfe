"""Faults of ours that did not keep the message from arriving are notes."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="arrived-all-the-same",
    title="It arrived, although our side is out of order",
    address="anna@arrived-all-the-same.test",
    article="timeclock-astray",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "arrived-all-the-same.test": {"MX": ("10 mx.arrived-all-the-same.test.",)},
        "mx.arrived-all-the-same.test": {"A": ("203.0.113.193",)},
    },
    hosts={("203.0.113.193", 25): Smtp()},
)
