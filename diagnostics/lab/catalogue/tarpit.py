"""A tarpit: the server lets its words through byte by byte, for longer than anybody waits."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="tarpit",
    title="Their mail server drips its answers",
    address="anna@tarpit.test",
    article="verification",
    verdict=Verdict.INCONCLUSIVE,
    zone={
        "tarpit.test": {"MX": ("10 mx.tarpit.test.",)},
        "mx.tarpit.test": {"A": ("203.0.113.97",)},
    },
    hosts={("203.0.113.97", 25): Smtp(drips_every=1.0)},
)
