"""Barracuda keeps held messages for 30 days, and the code was asked for longer ago."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.customer_answers import AskedWhen, AskedWhenAnswer, CodeArrival, CodeArrivalAnswer

scenario = Scenario(
    slug="held-too-long",
    title="Whatever was held has been deleted since",
    address="anna@held-too-long.test",
    expects="held.expired",
    verdict=Verdict.LIKELY_CAUSE,
    reports=(CodeArrivalAnswer(CodeArrival.NOTHING), AskedWhenAnswer(AskedWhen.OVER_A_MONTH)),
    zone={
        "held-too-long.test": {"MX": ("10 d1.held-too-long.ess.barracudanetworks.com.",)},
        "d1.held-too-long.ess.barracudanetworks.com": {"A": ("203.0.113.248",)},
    },
    hosts={("203.0.113.248", 25): Smtp(greeting="ESMTP")},
)
