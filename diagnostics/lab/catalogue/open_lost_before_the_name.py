"""The connection ends before the mailbox is named; nothing was handed over, and nobody said why."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="open-lost-before-the-name",
    title="The line breaks before the mailbox is named",
    address="anna@open-lost-before-the-name.test",
    verdict=Verdict.INCONCLUSIVE,
    sends_message=True,
    zone={
        "open-lost-before-the-name.test": {"MX": ("10 mx.open-lost-before-the-name.test.",)},
        "mx.open-lost-before-the-name.test": {"A": ("198.51.100.165",)},
    },
    hosts={
        ("198.51.100.165", 25): Smtp(hangs_up_at=SmtpStage.RCPT),
    },
)
