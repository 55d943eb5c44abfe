"""Of two mail servers one refuses connections and the other never answers."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Closed, Filtered
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mx-closed-and-filtered",
    title="One mail server is off, the other behind a firewall",
    address="anna@mx-closed-and-filtered.test",
    expects="mx.unreachable",
    verdict=Verdict.CAUSE_FOUND,
    zone={
        "mx-closed-and-filtered.test": {
            "MX": ("10 a.mx-closed-and-filtered.test.", "10 b.mx-closed-and-filtered.test.")
        },
        "a.mx-closed-and-filtered.test": {"A": ("198.51.100.60",)},
        "b.mx-closed-and-filtered.test": {"A": ("198.51.100.61",)},
    },
    hosts={("198.51.100.60", 25): Closed(), ("198.51.100.61", 25): Filtered()},
)
