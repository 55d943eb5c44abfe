"""Google limits how much mail a mailbox takes in a short time."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="rate-limited",
    title="The mailbox gets too many messages at once",
    address="anna@rate-limited.test",
    article="verification",
    expects="recipient.rate-limited",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "rate-limited.test": {"MX": ("10 rate-limited.aspmx.l.google.com.",)},
        "rate-limited.aspmx.l.google.com": {"A": ("198.51.100.29",)},
    },
    hosts={
        ("198.51.100.29", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "450-4.2.1 The user you are trying to contact is receiving mail too quickly.\n"
                    "450-4.2.1 Please resend your message at a later time. If the user is able to\n"
                    "450-4.2.1 receive mail at that time, your message will be delivered. For more\n"
                    "450 4.2.1 information, go to https://support.google.com/mail/?p=ReceivingRate {queue_id} - gsmtp"
                )
            },
            greeting="ESMTP gsmtp",
        )
    },
)
