"""Three codes in the inbox, and the first of them was typed in."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.customer_answers import CodeArrival, CodeArrivalAnswer, CodeUsed, CodeUsedAnswer

scenario = Scenario(
    slug="older-code-typed",
    title="The customer typed an older code",
    address="anna@older-code-typed.test",
    expects="code.older-used",
    verdict=Verdict.LIKELY_CAUSE,
    reports=(
        CodeArrivalAnswer(CodeArrival.REFUSED),
        CodeUsedAnswer(CodeUsed.OLDER),
    ),
    zone={
        "older-code-typed.test": {"MX": ("10 mx.older-code-typed.test.",)},
        "mx.older-code-typed.test": {"A": ("198.51.100.117",)},
    },
    hosts={
        ("198.51.100.117", 25): Smtp(),
    },
)
