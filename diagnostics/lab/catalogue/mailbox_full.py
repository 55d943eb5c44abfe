"""Google puts mail off because the mailbox is full."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mailbox-full",
    title="The mailbox is full",
    address="anna@mailbox-full.test",
    article="verification",
    expects="mailbox.full",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "mailbox-full.test": {"MX": ("10 mailbox-full.aspmx.l.google.com.",)},
        "mailbox-full.aspmx.l.google.com": {"A": ("198.51.100.17",)},
    },
    hosts={
        ("198.51.100.17", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "452-4.2.2 The recipient's inbox is out of storage space. Please direct the\n"
                    "452-4.2.2 recipient to\n"
                    "452 4.2.2 https://support.google.com/mail/?p=OverQuotaTemp {queue_id} - gsmtp"
                )
            },
            greeting="ESMTP gsmtp",
        )
    },
)
