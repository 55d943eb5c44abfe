"""Barracuda takes the message; nobody has said yet whether it came."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Folder, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="held-by-barracuda",
    title="Taken by Barracuda, and nobody has found it",
    address="anna@held-by-barracuda.test",
    expects="held.by-filter",
    verdict=Verdict.LIKELY_CAUSE,
    sends_message=True,
    customer_says="nowhere",
    zone={
        "held-by-barracuda.test": {"MX": ("10 d3-lab.ess.barracudanetworks.com.",)},
        "d3-lab.ess.barracudanetworks.com": {"A": ("198.51.100.131",)},
    },
    hosts={
        ("198.51.100.131", 25): Smtp(folder=Folder.NOWHERE),
    },
)
