"""A domain that exists and takes mail, two letters swapped from the one on file: nothing in DNS could tell."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import OnFile, Scenario

scenario = Scenario(
    slug="slip-after-the-at",
    title="The address on file has a domain that is spelt almost the same",
    address="anna@slip-aftre-the-at.test",
    tier=1,
    expects="address.not-on-file",
    verdict=Verdict.CAUSE_FOUND,
    on_file=(OnFile("100200", "anna@slip-after-the-at.test"),),
    zone={
        "slip-aftre-the-at.test": {"MX": ("10 mx.slip-aftre-the-at.test.",)},
        "mx.slip-aftre-the-at.test": {"A": ("203.0.113.206",)},
    },
    hosts={("203.0.113.206", 25): Smtp()},
)
