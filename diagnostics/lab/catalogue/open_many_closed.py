"""Ten mail hosts are closed; there are two more, and nobody tries so many."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Closed
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="open-many-closed",
    title="Ten of twelve mail servers are closed",
    address="anna@open-many-closed.test",
    verdict=Verdict.INCONCLUSIVE,
    zone={
        "open-many-closed.test": {
            "MX": tuple(f"{10 + number} mx{number}.open-many-closed.test." for number in range(12))
        },
        **{f"mx{number}.open-many-closed.test": {"A": ("198.51.100.162",)} for number in range(12)},
    },
    hosts={("198.51.100.162", 25): Closed()},
)
