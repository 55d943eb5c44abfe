"""A null MX stands beside a mail host that works (RFC 7505 section 3 forbids that)."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mx-contradictory",
    title="The domain says that it takes no mail, and names a mail server beside that",
    address="anna@mx-contradictory.test",
    expects="mx.contradictory",
    verdict=Verdict.LIKELY_CAUSE,
    zone={
        "mx-contradictory.test": {"MX": ("0 .", "10 mx.mx-contradictory.test.")},
        "mx.mx-contradictory.test": {"A": ("203.0.113.51",)},
    },
    hosts={("203.0.113.51", 25): Smtp()},
)
