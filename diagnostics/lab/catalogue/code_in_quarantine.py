"""The customer searched and found it."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.customer_answers import CodeArrival, CodeArrivalAnswer, CodePlace, CodePlaceAnswer

scenario = Scenario(
    slug="code-in-quarantine",
    title="The code itself is in quarantine",
    address="anna@code-in-quarantine.test",
    expects="placed.quarantine",
    verdict=Verdict.CAUSE_FOUND,
    reports=(
        CodeArrivalAnswer(CodeArrival.ELSEWHERE),
        CodePlaceAnswer(CodePlace.QUARANTINE),
    ),
    zone={
        "code-in-quarantine.test": {"MX": ("10 mx.code-in-quarantine.test.",)},
        "mx.code-in-quarantine.test": {"A": ("198.51.100.123",)},
    },
    hosts={
        ("198.51.100.123", 25): Smtp(),
    },
)
