"""A code and a word that say nothing: some rule of theirs, likely."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="refused-without-a-reason",
    title="Their server refuses and does not say why",
    address="anna@refused-without-a-reason.test",
    expects="policy.refused",
    verdict=Verdict.LIKELY_CAUSE,
    sends_message=True,
    zone={
        "refused-without-a-reason.test": {"MX": ("10 mx.refused-without-a-reason.test.",)},
        "mx.refused-without-a-reason.test": {"A": ("198.51.100.104",)},
    },
    hosts={
        ("198.51.100.104", 25): Smtp(replies={SmtpStage.RCPT: "554 5.0.0 Nope"}),
    },
)
