"""The customer searched and found it."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.customer_answers import CodeArrival, CodeArrivalAnswer, CodePlace, CodePlaceAnswer

scenario = Scenario(
    slug="in-another-tab",
    title="The code lies under Promotions",
    address="anna@in-another-tab.test",
    expects="placed.other-tab",
    verdict=Verdict.CAUSE_FOUND,
    reports=(
        CodeArrivalAnswer(CodeArrival.ELSEWHERE),
        CodePlaceAnswer(CodePlace.OTHER_TAB),
    ),
    zone={
        "in-another-tab.test": {"MX": ("10 mx.in-another-tab.test.",)},
        "mx.in-another-tab.test": {"A": ("198.51.100.120",)},
    },
    hosts={
        ("198.51.100.120", 25): Smtp(),
    },
)
