"""The connection ends after the content was handed over: nobody knows whether the message was taken."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="hangs-up",
    title="Their server hangs up in the middle of the message",
    address="anna@hangs-up.test",
    verdict=Verdict.INCONCLUSIVE,
    sends_message=True,
    zone={
        "hangs-up.test": {"MX": ("10 mx.hangs-up.test.",)},
        "mx.hangs-up.test": {"A": ("198.51.100.38",)},
    },
    hosts={("198.51.100.38", 25): Smtp(hangs_up_at=SmtpStage.CONTENT)},
)
