"""SERVFAIL from every name server, with and without DNSSEC, and no reason given."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import NameBehaviour
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="name-servers-fail",
    title="Their name servers are broken",
    address="anna@name-servers-fail.test",
    expects="dns.lame",
    verdict=Verdict.CAUSE_FOUND,
    zone={"name-servers-fail.test": NameBehaviour.SERVFAIL},
)
