"""Google Workspace, with its usual advice about typing errors."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="unknown-to-google",
    title="Google has no such account",
    address="anna@unknown-to-google.test",
    expects="mailbox.unknown",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "unknown-to-google.test": {"MX": ("10 unknown-to-google.aspmx.l.google.com.",)},
        "unknown-to-google.aspmx.l.google.com": {"A": ("198.51.100.74",)},
    },
    hosts={
        ("198.51.100.74", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "550-5.1.1 The email account that you tried to reach does not exist. Please try\n"
                    "550-5.1.1 double-checking the recipient's email address for typos or unnecessary spaces.\n"
                    "550 5.1.1 Learn more at https://support.google.com/mail/?p=NoSuchUser {queue_id} - gsmtp"
                )
            },
            greeting="mx.google.com ESMTP gsmtp",
        ),
    },
)
