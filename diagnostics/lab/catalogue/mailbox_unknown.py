"""Postfix knows no such mailbox; office@ exists."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mailbox-unknown",
    title="There is no such mailbox",
    address="anna@mailbox-unknown.test",
    expects="mailbox.unknown",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "mailbox-unknown.test": {"MX": ("10 mx.mailbox-unknown.test.",)},
        "mx.mailbox-unknown.test": {"A": ("198.51.100.15",)},
    },
    hosts={
        ("198.51.100.15", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "550 5.1.1 <{recipient}>: Recipient address rejected: User unknown in virtual mailbox table"
                )
            },
            serves=("office",),
        )
    },
)
