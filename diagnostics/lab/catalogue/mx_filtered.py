"""Both mail servers' port 25 drops packets."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Filtered
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mx-filtered",
    title="A firewall swallows everything that is sent to their mail servers",
    address="anna@mx-filtered.test",
    expects="mx.unreachable",
    verdict=Verdict.CAUSE_FOUND,
    zone={
        "mx-filtered.test": {"MX": ("10 mx1.mx-filtered.test.", "20 mx2.mx-filtered.test.")},
        "mx1.mx-filtered.test": {"A": ("198.51.100.13",)},
        "mx2.mx-filtered.test": {"A": ("203.0.113.13",)},
    },
    hosts={("198.51.100.13", 25): Filtered(), ("203.0.113.13", 25): Filtered()},
)
