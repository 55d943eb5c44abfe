"""One name server says NXDOMAIN, the other is silent: likely, not certain."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import NameBehaviour
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="domain-gone-at-one",
    title="One name server says that the domain is gone, no other confirms it",
    address="anna@domain-gone-at-one.test",
    expects="domain.gone",
    verdict=Verdict.LIKELY_CAUSE,
    zone={"domain-gone-at-one.test": NameBehaviour.GONE_AT_ONE},
)
