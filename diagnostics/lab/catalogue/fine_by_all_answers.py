"""Healthy: every answer of the customer's speaks for a sound account, device and mailbox."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.customer_answers import (
    ClockAnswer,
    ClockIs,
    CodeArrival,
    CodeArrivalAnswer,
    MailboxKind,
    MailboxKindAnswer,
    Often,
    OftenAnswer,
    OnAccount,
    OnAccountAnswer,
)

scenario = Scenario(
    slug="fine-by-all-answers",
    title="Everything works, by the customer's own words",
    address="anna@fine-by-all-answers.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    reports=(
        CodeArrivalAnswer(CodeArrival.WORKS),
        OftenAnswer(Often.ONCE),
        OnAccountAnswer(OnAccount.SAME),
        MailboxKindAnswer(MailboxKind.OWN),
        ClockAnswer(ClockIs.RIGHT),
    ),
    zone={
        "fine-by-all-answers.test": {"MX": ("10 mx.fine-by-all-answers.test.",)},
        "mx.fine-by-all-answers.test": {"A": ("198.51.100.157",)},
    },
    hosts={
        ("198.51.100.157", 25): Smtp(),
    },
)
