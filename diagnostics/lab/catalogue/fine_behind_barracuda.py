"""Healthy: Barracuda in front, slow to say hello, and the message is found."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="fine-behind-barracuda",
    title="Everything works, Barracuda filters and takes its time",
    address="anna@fine-behind-barracuda.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "fine-behind-barracuda.test": {"MX": ("10 d2-lab.ess.barracudanetworks.com.",)},
        "d2-lab.ess.barracudanetworks.com": {"A": ("198.51.100.154",)},
    },
    hosts={
        ("198.51.100.154", 25): Smtp(banner_after=3.0),
    },
)
