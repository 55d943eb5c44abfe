"""A letter is missing before the @: the directory has the address that was meant."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import OnFile, Scenario

scenario = Scenario(
    slug="slip-before-the-at",
    title="The address on file has one letter more",
    address="anna@slip-before-the-at.test",
    article="timeclock",
    company_id="100200",
    tier=1,
    expects="address.not-on-file",
    beside=("address.near-match",),
    verdict=Verdict.CAUSE_FOUND,
    on_file=(OnFile("100200", "annah@slip-before-the-at.test"), OnFile("100200", "office@slip-before-the-at.test")),
    zone={
        "slip-before-the-at.test": {"MX": ("10 mx.slip-before-the-at.test.",)},
        "mx.slip-before-the-at.test": {"A": ("203.0.113.203",)},
    },
    hosts={("203.0.113.203", 25): Smtp()},
)
