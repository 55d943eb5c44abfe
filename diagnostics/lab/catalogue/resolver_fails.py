"""SERVFAIL, as with a bogus DNSSEC signature or a lame delegation."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import NameBehaviour
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="resolver-fails",
    title="Their name servers are broken",
    address="anna@resolver-fails.test",
    verdict=Verdict.INCONCLUSIVE,
    zone={"resolver-fails.test": NameBehaviour.SERVFAIL},
)
