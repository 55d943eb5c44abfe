"""The connection ends in the middle of the message: perhaps it was taken."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="open-lost-at-the-content",
    title="The line breaks while the message is handed over",
    address="anna@open-lost-at-the-content.test",
    verdict=Verdict.INCONCLUSIVE,
    sends_message=True,
    zone={
        "open-lost-at-the-content.test": {"MX": ("10 mx.open-lost-at-the-content.test.",)},
        "mx.open-lost-at-the-content.test": {"A": ("198.51.100.164",)},
    },
    hosts={
        ("198.51.100.164", 25): Smtp(hangs_up_at=SmtpStage.CONTENT),
    },
)
