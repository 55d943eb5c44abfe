"""The customer searched and found it."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.customer_answers import CodeArrival, CodeArrivalAnswer, CodePlace, CodePlaceAnswer

scenario = Scenario(
    slug="moved-by-a-rule",
    title="A rule moves the code away",
    address="anna@moved-by-a-rule.test",
    expects="placed.rule",
    verdict=Verdict.CAUSE_FOUND,
    reports=(
        CodeArrivalAnswer(CodeArrival.ELSEWHERE),
        CodePlaceAnswer(CodePlace.RULE),
    ),
    zone={
        "moved-by-a-rule.test": {"MX": ("10 mx.moved-by-a-rule.test.",)},
        "mx.moved-by-a-rule.test": {"A": ("198.51.100.121",)},
    },
    hosts={
        ("198.51.100.121", 25): Smtp(),
    },
)
