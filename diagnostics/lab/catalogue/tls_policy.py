"""A relay in front of the mailbox servers refuses because their DANE records do not fit."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="tls-policy",
    title="The domain's DANE records do not fit its server",
    address="anna@tls-policy.test",
    expects="tls.policy",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "tls-policy.test": {"MX": ("10 mx.tls-policy.test.",)},
        "mx.tls-policy.test": {"A": ("192.0.2.62",)},
    },
    hosts={
        ("192.0.2.62", 25): Smtp(
            replies={SmtpStage.RCPT: "550 5.7.323 tlsa-invalid: The domain failed DANE validation"},
        )
    },
)
