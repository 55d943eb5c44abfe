"""Both MX hosts were at a hosting service that was cancelled: their names are gone."""

from diagnostics.domain import Verdict
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mx-dangling",
    title="The mail servers' names went away with an old contract",
    address="anna@mx-dangling.test",
    article="verification",
    expects="mx.broken",
    verdict=Verdict.CAUSE_FOUND,
    zone={"mx-dangling.test": {"MX": ("10 mx1.mx-dangling-hoster.test.", "20 mx2.mx-dangling-hoster.test.")}},
)
