"""A Google group whose members alone may write to it."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="google-group-closed",
    title="The address is a Google group for members only",
    address="payroll@google-group-closed.test",
    expects="recipient.restricted",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "google-group-closed.test": {"MX": ("10 google-group-closed.aspmx.l.google.com.",)},
        "google-group-closed.aspmx.l.google.com": {"A": ("198.51.100.82",)},
    },
    hosts={
        ("198.51.100.82", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "550-5.7.1 The group you are trying to reach only accepts mail from its members,\n"
                    "550-5.7.1 or you do not have permission to post to it.\n"
                    "550 5.7.1 https://support.google.com/a/answer/168383 {queue_id} - gsmtp"
                )
            },
            greeting="mx.google.com ESMTP gsmtp",
        ),
    },
)
