"""Healthy: the customer is not sure of anything, and the message is found."""

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
    ColleaguesAnswer,
    ColleaguesGetIt,
    MailboxKind,
    MailboxKindAnswer,
    Often,
    OftenAnswer,
    OnAccount,
    OnAccountAnswer,
)

scenario = Scenario(
    slug="fine-by-nobodys-knowledge",
    title="Everything works, the customer is sure of nothing",
    address="anna@fine-by-nobodys-knowledge.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    reports=(
        CodeArrivalAnswer(CodeArrival.UNSURE),
        CodeUsedAnswer(CodeUsed.UNSURE),
        OftenAnswer(Often.UNSURE),
        OnAccountAnswer(OnAccount.UNSURE),
        MailboxKindAnswer(MailboxKind.UNSURE),
        ColleaguesAnswer(ColleaguesGetIt.UNSURE),
        ClockAnswer(ClockIs.UNSURE),
    ),
    zone={
        "fine-by-nobodys-knowledge.test": {"MX": ("10 mx.fine-by-nobodys-knowledge.test.",)},
        "mx.fine-by-nobodys-knowledge.test": {"A": ("198.51.100.158",)},
    },
    hosts={
        ("198.51.100.158", 25): Smtp(),
    },
)
