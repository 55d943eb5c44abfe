"""The code was fetched from the inbox an hour after it was asked for."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.customer_answers import CodeArrival, CodeArrivalAnswer, CodeUsed, CodeUsedAnswer

scenario = Scenario(
    slug="typed-too-late",
    title="The customer typed the newest code too late",
    address="anna@typed-too-late.test",
    expects="code.expired",
    verdict=Verdict.LIKELY_CAUSE,
    reports=(
        CodeArrivalAnswer(CodeArrival.REFUSED),
        CodeUsedAnswer(CodeUsed.NEWEST_LATER),
    ),
    zone={
        "typed-too-late.test": {"MX": ("10 mx.typed-too-late.test.",)},
        "mx.typed-too-late.test": {"A": ("198.51.100.116",)},
    },
    hosts={
        ("198.51.100.116", 25): Smtp(),
    },
)
