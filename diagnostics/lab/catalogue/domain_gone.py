"""The domain does not exist (NXDOMAIN)."""

from diagnostics.domain import Verdict
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="domain-gone",
    title="The company's domain no longer exists",
    address="anna@domain-gone.test",
    expects="domain.gone",
    verdict=Verdict.CAUSE_FOUND,
)
