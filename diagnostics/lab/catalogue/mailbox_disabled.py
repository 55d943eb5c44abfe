"""Google Workspace says that the account is disabled."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mailbox-disabled",
    title="The mailbox was switched off",
    address="anna@mailbox-disabled.test",
    expects="mailbox.disabled",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "mailbox-disabled.test": {"MX": ("10 mailbox-disabled.aspmx.l.google.com.",)},
        "mailbox-disabled.aspmx.l.google.com": {"A": ("198.51.100.19",)},
    },
    hosts={
        ("198.51.100.19", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "550-5.2.1 The email account that you tried to reach is inactive. For more\n"
                    "550-5.2.1 information, go to\n"
                    "550 5.2.1 https://support.google.com/mail/?p=DisabledUser {queue_id} - gsmtp"
                )
            },
            greeting="ESMTP gsmtp",
        )
    },
)
