"""Their server is closed for us, and so is the one that we test our own way out with."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Closed, Filtered
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="open-our-way-out-blocked",
    title="Perhaps it is our own way out",
    address="anna@open-our-way-out-blocked.test",
    article="timeclock-shut-in",
    verdict=Verdict.INCONCLUSIVE,
    zone={
        "open-our-way-out-blocked.test": {"MX": ("10 mx.open-our-way-out-blocked.test.",)},
        "mx.open-our-way-out-blocked.test": {"A": ("198.51.100.174",)},
        "shut-in.timeclock.test": {"MX": ("10 mail.shut-in.timeclock.test.",)},
        "mail.shut-in.timeclock.test": {"A": ("198.51.100.175",)},
    },
    hosts={("198.51.100.174", 25): Closed(), ("198.51.100.175", 25): Filtered()},
)
