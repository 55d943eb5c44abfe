"""Others of the company get our e-mail: something about this one mailbox is different."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.customer_answers import (
    CodeArrival,
    CodeArrivalAnswer,
    ColleaguesAnswer,
    ColleaguesGetIt,
    MailboxKind,
    MailboxKindAnswer,
)

scenario = Scenario(
    slug="colleagues-get-it",
    title="Colleagues get their codes, this person does not",
    address="anna@colleagues-get-it.test",
    expects="placed.rule",
    verdict=Verdict.LIKELY_CAUSE,
    reports=(
        CodeArrivalAnswer(CodeArrival.NOTHING),
        MailboxKindAnswer(MailboxKind.OWN),
        ColleaguesAnswer(ColleaguesGetIt.YES),
    ),
    zone={
        "colleagues-get-it.test": {"MX": ("10 mx.colleagues-get-it.test.",)},
        "mx.colleagues-get-it.test": {"A": ("198.51.100.124",)},
    },
    hosts={
        ("198.51.100.124", 25): Smtp(),
    },
)
