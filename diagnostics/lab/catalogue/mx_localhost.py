"""The MX record names localhost: every sender would deliver to itself."""

from diagnostics.domain import Verdict
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mx-localhost",
    title="The domain's mail record says localhost",
    address="anna@mx-localhost.test",
    expects="mx.broken",
    verdict=Verdict.CAUSE_FOUND,
    zone={"mx-localhost.test": {"MX": ("10 localhost.",)}},
)
