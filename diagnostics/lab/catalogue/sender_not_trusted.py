"""Google refuses a message without valid SPF or DKIM."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="sender-not-trusted",
    title="Our message could not prove who sent it",
    address="anna@sender-not-trusted.test",
    expects="sender.not-authenticated",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "sender-not-trusted.test": {"MX": ("10 sender-not-trusted.aspmx.l.google.com.",)},
        "sender-not-trusted.aspmx.l.google.com": {"A": ("198.51.100.27",)},
    },
    hosts={
        ("198.51.100.27", 25): Smtp(
            replies={
                SmtpStage.CONTENT: (
                    "550-5.7.26 Your email has been blocked because the sender is unauthenticated.\n"
                    "550-5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM.\n"
                    "550 5.7.26 https://support.google.com/mail/answer/81126#authentication {queue_id} - gsmtp"
                )
            },
            greeting="ESMTP gsmtp",
        )
    },
)
