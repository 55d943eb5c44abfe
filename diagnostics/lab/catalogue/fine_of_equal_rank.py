"""Healthy: three hosts of the same rank, one of them behind a firewall."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Filtered, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="fine-of-equal-rank",
    title="Everything works, one of three equal servers is out of reach",
    address="anna@fine-of-equal-rank.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "fine-of-equal-rank.test": {
            "MX": (
                "10 mx0.fine-of-equal-rank.test.",
                "10 mx1.fine-of-equal-rank.test.",
                "10 mx2.fine-of-equal-rank.test.",
            )
        },
        "mx0.fine-of-equal-rank.test": {"A": ("198.51.100.147",)},
        "mx1.fine-of-equal-rank.test": {"A": ("198.51.100.148",)},
        "mx2.fine-of-equal-rank.test": {"A": ("198.51.100.149",)},
    },
    hosts={("198.51.100.147", 25): Filtered(), ("198.51.100.148", 25): Smtp(), ("198.51.100.149", 25): Smtp()},
)
