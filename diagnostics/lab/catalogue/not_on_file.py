"""The company is known, and nobody on its account has an address like this one."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import OnFile, Scenario

scenario = Scenario(
    slug="not-on-file",
    title="The address is not on the company's account",
    address="anna@not-on-file.test",
    article="verification",
    company_id="100200",
    tier=1,
    expects="address.not-on-file",
    verdict=Verdict.CAUSE_FOUND,
    on_file=(OnFile("100200", "office@not-on-file.test"),),
    zone={
        "not-on-file.test": {"MX": ("10 mx.not-on-file.test.",)},
        "mx.not-on-file.test": {"A": ("203.0.113.202",)},
    },
    hosts={("203.0.113.202", 25): Smtp()},
)
