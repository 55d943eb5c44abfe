"""Postfix with a policy service that reads SPF alone."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="spf-fails",
    title="Their server does not find our address in our SPF record",
    address="anna@spf-fails.test",
    expects="sender.not-authenticated",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "spf-fails.test": {"MX": ("10 mx.spf-fails.test.",)},
        "mx.spf-fails.test": {"A": ("198.51.100.93",)},
    },
    hosts={
        ("198.51.100.93", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "550 5.7.23 <{recipient}>: Recipient address rejected: Message rejected due to: SPF fail "
                    "- not authorized"
                )
            }
        ),
    },
)
