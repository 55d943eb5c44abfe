"""The customer searched and found it."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.customer_answers import CodeArrival, CodeArrivalAnswer, CodePlace, CodePlaceAnswer

scenario = Scenario(
    slug="code-in-spam",
    title="The code itself lies in the spam folder",
    address="anna@code-in-spam.test",
    expects="placed.spam",
    verdict=Verdict.CAUSE_FOUND,
    reports=(
        CodeArrivalAnswer(CodeArrival.ELSEWHERE),
        CodePlaceAnswer(CodePlace.SPAM),
    ),
    zone={
        "code-in-spam.test": {"MX": ("10 mx.code-in-spam.test.",)},
        "mx.code-in-spam.test": {"A": ("198.51.100.122",)},
    },
    hosts={
        ("198.51.100.122", 25): Smtp(),
    },
)
