"""The registry names name servers that know nothing of the domain (RFC 8914, 22)."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import NameBehaviour
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="lame-delegation",
    title="The domain moved, and the registrar still names the old name servers",
    address="anna@lame-delegation.test",
    article="verification",
    expects="dns.lame",
    verdict=Verdict.CAUSE_FOUND,
    zone={"lame-delegation.test": NameBehaviour.LAME},
)
