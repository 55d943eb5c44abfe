"""The sending service does not say whom it has stopped sending to."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="open-service-down",
    title="Nobody can ask whom the service has given up",
    address="anna@open-service-down.test",
    verdict=Verdict.INCONCLUSIVE,
    tier=1,
    records_down=("sending",),
    zone={
        "open-service-down.test": {"MX": ("10 mx.open-service-down.test.",)},
        "mx.open-service-down.test": {"A": ("198.51.100.172",)},
    },
    hosts={
        ("198.51.100.172", 25): Smtp(),
    },
)
