"""The MX belongs to a service for domains without a user."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Folder, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="parked-domain",
    title="The domain is only parked; nobody reads its mail",
    address="anna@parked-domain.test",
    expects="domain.parked",
    verdict=Verdict.CAUSE_FOUND,
    zone={
        "parked-domain.test": {"MX": ("10 mx-lab.h-email.net.",)},
        "mx-lab.h-email.net": {"A": ("198.51.100.39",)},
    },
    hosts={("198.51.100.39", 25): Smtp(folder=Folder.NOWHERE)},
)
