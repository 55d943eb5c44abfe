"""Mimecast: somebody at the company has put our address on the list of blocked senders."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="blocked-sender",
    title="Somebody has blocked our address in the gateway",
    address="anna@blocked-sender.test",
    expects="policy.custom-rule",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "blocked-sender.test": {"MX": ("10 mx.blocked-sender.test.",)},
        "mx.blocked-sender.test": {"A": ("192.0.2.58",)},
    },
    hosts={
        ("192.0.2.58", 25): Smtp(
            replies={
                SmtpStage.CONTENT: (
                    "550 Rejected by header based manually Blocked Senders - "
                    "https://community.mimecast.com/docs/DOC-1369#550"
                )
            },
        )
    },
)
