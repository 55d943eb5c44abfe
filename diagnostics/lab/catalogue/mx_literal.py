"""The MX record holds an IP address where a name must stand (RFC 1035 section 3.3.9)."""

from diagnostics.domain import Verdict
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mx-literal",
    title="The domain's mail record holds a number instead of a name",
    address="anna@mx-literal.test",
    expects="mx.broken",
    verdict=Verdict.CAUSE_FOUND,
    zone={"mx-literal.test": {"MX": ("10 198.51.100.10.",)}},
)
