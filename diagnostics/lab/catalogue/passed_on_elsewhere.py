"""The address only passes its mail on."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.customer_answers import CodeArrival, CodeArrivalAnswer, MailboxKind, MailboxKindAnswer

scenario = Scenario(
    slug="passed-on-elsewhere",
    title="The address passes mail on to another one",
    address="anna@passed-on-elsewhere.test",
    expects="forward.broken",
    verdict=Verdict.LIKELY_CAUSE,
    reports=(
        CodeArrivalAnswer(CodeArrival.NOTHING),
        MailboxKindAnswer(MailboxKind.FORWARDED),
    ),
    zone={
        "passed-on-elsewhere.test": {"MX": ("10 mx.passed-on-elsewhere.test.",)},
        "mx.passed-on-elsewhere.test": {"A": ("198.51.100.126",)},
    },
    hosts={
        ("198.51.100.126", 25): Smtp(),
    },
)
