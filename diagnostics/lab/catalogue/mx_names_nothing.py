"""The MX record names a host that does not exist."""

from diagnostics.domain import Verdict
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mx-names-nothing",
    title="The domain's mail record leads nowhere",
    address="anna@mx-names-nothing.test",
    expects="mx.broken",
    verdict=Verdict.CAUSE_FOUND,
    zone={"mx-names-nothing.test": {"MX": ("10 old-server.mx-names-nothing.test.",)}},
)
