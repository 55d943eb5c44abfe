"""An Italian server refuses by its rules, without saying which."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="policy-in-italian",
    title="The rules turn the message away, says an Italian server",
    address="anna@policy-in-italian.test",
    expects="policy.refused",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "policy-in-italian.test": {"MX": ("10 mx.policy-in-italian.test.",)},
        "mx.policy-in-italian.test": {"A": ("198.51.100.84",)},
    },
    hosts={
        ("198.51.100.84", 25): Smtp(replies={SmtpStage.RCPT: "550 5.7.1 Messaggio rifiutato per motivi di policy"}),
    },
)
