"""The MX host is that of a parking service with servers that look alive."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="parked-elsewhere",
    title="The domain waits for a buyer",
    address="anna@parked-elsewhere.test",
    expects="domain.parked",
    verdict=Verdict.CAUSE_FOUND,
    zone={
        "parked-elsewhere.test": {"MX": ("10 mx-lab2.above.com.",)},
        "mx-lab2.above.com": {"A": ("198.51.100.66",)},
    },
    hosts={
        ("198.51.100.66", 25): Smtp(),
    },
)
