"""The zone's signature does not fit its key: validating name servers fail, without checking there is an answer."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import NameBehaviour, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="dnssec-bogus",
    title="The domain's DNSSEC signature is broken",
    address="anna@office.dnssec-bogus.test",
    expects="dns.bogus",
    verdict=Verdict.CAUSE_FOUND,
    zone={
        "dnssec-bogus.test": NameBehaviour.BOGUS,
        "office.dnssec-bogus.test": {"MX": ("10 mx.office.dnssec-bogus.test.",)},
        "mx.office.dnssec-bogus.test": {"A": ("203.0.113.50",)},
    },
    hosts={("203.0.113.50", 25): Smtp()},
)
