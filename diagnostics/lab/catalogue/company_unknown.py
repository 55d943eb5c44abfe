"""A mistyped company ID: the directory has no such company, and the address is on no other."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import OnFile, Scenario

scenario = Scenario(
    slug="company-unknown",
    title="The company ID is none of the vendor's",
    address="anna@company-unknown.test",
    article="timeclock",
    company_id="100299",
    tier=1,
    expects="company.unknown",
    verdict=Verdict.CAUSE_FOUND,
    on_file=(OnFile("100200", "bert@company-unknown.test"),),
    zone={
        "company-unknown.test": {"MX": ("10 mx.company-unknown.test.",)},
        "mx.company-unknown.test": {"A": ("203.0.113.200",)},
    },
    hosts={("203.0.113.200", 25): Smtp()},
)
