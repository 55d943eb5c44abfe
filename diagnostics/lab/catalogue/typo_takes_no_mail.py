"""The misspelt domain exists and says by its null MX that it takes no mail (RFC 7505)."""

from diagnostics.domain import Verdict
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="typo-takes-no-mail",
    title="A slip of the finger leads to a domain without mail",
    address="anna@hotmial.com",
    article="timeclock",
    expects="address.typo",
    verdict=Verdict.CAUSE_FOUND,
    zone={"hotmial.com": {"MX": ("0 .",)}},
)
