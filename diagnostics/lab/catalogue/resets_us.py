"""The connection opens and is reset before a word is said, as a firewall does that does not like where we come from."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Reset
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="resets-us",
    title="A firewall resets our connections",
    address="anna@resets-us.test",
    expects="mx.refuses-us",
    verdict=Verdict.LIKELY_CAUSE,
    zone={
        "resets-us.test": {"MX": ("10 mx.resets-us.test.",)},
        "mx.resets-us.test": {"A": ("198.51.100.64",)},
    },
    hosts={
        ("198.51.100.64", 25): Reset(),
    },
)
