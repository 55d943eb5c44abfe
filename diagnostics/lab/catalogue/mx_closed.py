"""Both mail servers refuse connections."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Closed
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mx-closed",
    title="Their mail servers are switched off",
    address="anna@mx-closed.test",
    expects="mx.unreachable",
    verdict=Verdict.CAUSE_FOUND,
    zone={
        "mx-closed.test": {"MX": ("10 mx1.mx-closed.test.", "20 mx2.mx-closed.test.")},
        "mx1.mx-closed.test": {"A": ("198.51.100.12",)},
        "mx2.mx-closed.test": {"A": ("203.0.113.12",)},
    },
    hosts={("198.51.100.12", 25): Closed(), ("203.0.113.12", 25): Closed()},
)
