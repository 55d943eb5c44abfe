"""Google says that an account is out of storage, for now."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="full-at-google",
    title="The Google account is out of storage",
    address="anna@full-at-google.test",
    expects="mailbox.full",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "full-at-google.test": {"MX": ("10 full-at-google.aspmx.l.google.com.",)},
        "full-at-google.aspmx.l.google.com": {"A": ("198.51.100.75",)},
    },
    hosts={
        ("198.51.100.75", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "452-4.2.2 The recipient's inbox is out of storage space. Please direct the\n"
                    "452-4.2.2 recipient to\n"
                    "452 4.2.2 https://support.google.com/mail/?p=OverQuotaTemp {queue_id} - gsmtp"
                )
            },
            greeting="mx.google.com ESMTP gsmtp",
        ),
    },
)
