"""One name server fails, the other is silent: nobody knows what is wrong, so nobody is blamed."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import NameBehaviour
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="resolver-fails",
    title="One name server fails at the domain, another keeps silent",
    address="anna@resolver-fails.test",
    verdict=Verdict.INCONCLUSIVE,
    zone={"resolver-fails.test": NameBehaviour.FAILS_AT_ONE},
)
