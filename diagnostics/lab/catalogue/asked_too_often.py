"""Several codes within a quarter of an hour: each cancels the one before, and a waiting time begins."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.customer_answers import CodeArrival, CodeArrivalAnswer, Often, OftenAnswer

scenario = Scenario(
    slug="asked-too-often",
    title="The customer has asked again and again",
    address="anna@asked-too-often.test",
    expects="requests.too-many",
    verdict=Verdict.LIKELY_CAUSE,
    reports=(CodeArrivalAnswer(CodeArrival.NOTHING), OftenAnswer(Often.SEVERAL)),
    zone={
        "asked-too-often.test": {"MX": ("10 mx.asked-too-often.test.",)},
        "mx.asked-too-often.test": {"A": ("198.51.100.53",)},
    },
    hosts={
        ("198.51.100.53", 25): Smtp(),
    },
)
