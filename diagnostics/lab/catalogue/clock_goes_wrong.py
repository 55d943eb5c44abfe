"""The device lives in another hour: a fresh code counts as expired there."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.customer_answers import (
    ClockAnswer,
    ClockIs,
    CodeArrival,
    CodeArrivalAnswer,
    CodeUsed,
    CodeUsedAnswer,
)

scenario = Scenario(
    slug="clock-goes-wrong",
    title="The clock of the device is wrong",
    address="anna@clock-goes-wrong.test",
    expects="device.clock-wrong",
    verdict=Verdict.LIKELY_CAUSE,
    reports=(
        CodeArrivalAnswer(CodeArrival.REFUSED),
        CodeUsedAnswer(CodeUsed.NEWEST_AT_ONCE),
        ClockAnswer(ClockIs.WRONG),
    ),
    zone={
        "clock-goes-wrong.test": {"MX": ("10 mx.clock-goes-wrong.test.",)},
        "mx.clock-goes-wrong.test": {"A": ("198.51.100.118",)},
    },
    hosts={
        ("198.51.100.118", 25): Smtp(),
    },
)
