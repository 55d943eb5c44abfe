"""A tarpit: the banner comes late, but within every limit, and nothing is wrong."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="slow-server",
    title="Their mail server takes its time, then delivers",
    address="anna@slow-server.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "slow-server.test": {"MX": ("10 mx.slow-server.test.",)},
        "mx.slow-server.test": {"A": ("198.51.100.34",)},
    },
    hosts={("198.51.100.34", 25): Smtp(banner_after=2.0)},
)
