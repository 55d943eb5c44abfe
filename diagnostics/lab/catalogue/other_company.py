"""The company and the address are both known, though not together."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import OnFile, Scenario

scenario = Scenario(
    slug="other-company",
    title="The address belongs to another company's account",
    address="anna@other-company.test",
    article="timeclock",
    company_id="100299",
    tier=1,
    expects="address.other-company",
    verdict=Verdict.CAUSE_FOUND,
    on_file=(OnFile("100200", "anna@other-company.test"), OnFile("100299", "bert@other-company.test")),
    zone={
        "other-company.test": {"MX": ("10 mx.other-company.test.",)},
        "mx.other-company.test": {"A": ("203.0.113.201",)},
    },
    hosts={("203.0.113.201", 25): Smtp()},
)
