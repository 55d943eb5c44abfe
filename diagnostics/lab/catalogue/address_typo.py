"""The misspelt domain of a well-known provider, which does not exist here."""

from diagnostics.domain import Verdict
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="address-typo",
    title="A slip of the finger in the address: gmial instead of gmail",
    address="anna@gmial.com",
    article="verification",
    expects="address.typo",
    verdict=Verdict.CAUSE_FOUND,
)
