"""The connection opens and no banner comes; real mail servers wait five minutes for it."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="open-never-greets",
    title="Their mail server opens the door and says nothing",
    address="anna@open-never-greets.test",
    verdict=Verdict.INCONCLUSIVE,
    zone={
        "open-never-greets.test": {"MX": ("10 mx.open-never-greets.test.",)},
        "mx.open-never-greets.test": {"A": ("198.51.100.163",)},
    },
    hosts={
        ("198.51.100.163", 25): Smtp(banner_after=60.0),
    },
)
