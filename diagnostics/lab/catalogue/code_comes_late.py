"""The code comes, every time after it has expired."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.customer_answers import CodeArrival, CodeArrivalAnswer

scenario = Scenario(
    slug="code-comes-late",
    title="The codes come late, says the customer",
    address="anna@code-comes-late.test",
    expects="arrived.late",
    verdict=Verdict.LIKELY_CAUSE,
    reports=(CodeArrivalAnswer(CodeArrival.LATE),),
    zone={
        "code-comes-late.test": {"MX": ("10 mx.code-comes-late.test.",)},
        "mx.code-comes-late.test": {"A": ("198.51.100.119",)},
    },
    hosts={
        ("198.51.100.119", 25): Smtp(),
    },
)
