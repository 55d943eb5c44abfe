"""The misspelt domain belongs to a parking service, whose server takes everything."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Folder, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="typo-is-parked",
    title="A slip of the finger leads to a parked domain",
    address="anna@outlok.com",
    article="timeclock",
    expects="address.typo",
    verdict=Verdict.CAUSE_FOUND,
    zone={
        "outlok.com": {"MX": ("10 park-mx-lab.above.com.",)},
        "park-mx-lab.above.com": {"A": ("198.51.100.58",)},
    },
    hosts={
        ("198.51.100.58", 25): Smtp(folder=Folder.NOWHERE),
    },
)
