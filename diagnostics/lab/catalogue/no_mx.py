"""The domain exists, but has neither an MX nor an address to fall back to (RFC 5321 section 5.1)."""

from diagnostics.domain import Verdict
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="no-mx",
    title="The domain has a website's text record, but no mail server",
    address="anna@no-mx.test",
    expects="mx.none",
    verdict=Verdict.CAUSE_FOUND,
    zone={"no-mx.test": {"TXT": ('"site-verification=example"',)}},
)
