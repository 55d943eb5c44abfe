"""The domain says that it takes no mail (RFC 7505)."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Closed
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="null-mx",
    title="The domain says that it takes no mail at all",
    address="anna@null-mx.test",
    expects="mx.null",
    verdict=Verdict.CAUSE_FOUND,
    zone={"null-mx.test": {"MX": ("0 .",), "A": ("198.51.100.7",)}},
    hosts={("198.51.100.7", 25): Closed()},
)
