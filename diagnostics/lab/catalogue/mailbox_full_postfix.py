"""A server with quotas refuses mail for good."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mailbox-full-postfix",
    title="The mailbox on the company's own server is full",
    address="anna@mailbox-full-postfix.test",
    expects="mailbox.full",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "mailbox-full-postfix.test": {"MX": ("10 mx.mailbox-full-postfix.test.",)},
        "mx.mailbox-full-postfix.test": {"A": ("198.51.100.18",)},
    },
    hosts={
        ("198.51.100.18", 25): Smtp(
            replies={
                SmtpStage.RCPT: "552 5.2.2 <{recipient}>: Recipient address rejected: Mailbox full, quota exceeded"
            }
        )
    },
)
