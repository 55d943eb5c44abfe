"""Google keeps to our own DMARC record."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="dmarc-at-google",
    title="Our own DMARC record makes Google refuse us",
    address="anna@dmarc-at-google.test",
    expects="sender.not-authenticated",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "dmarc-at-google.test": {"MX": ("10 dmarc-at-google.aspmx.l.google.com.",)},
        "dmarc-at-google.aspmx.l.google.com": {"A": ("198.51.100.92",)},
    },
    hosts={
        ("198.51.100.92", 25): Smtp(
            replies={
                SmtpStage.CONTENT: (
                    "550-5.7.26 Unauthenticated email from timeclock.test is not accepted due to\n"
                    "550-5.7.26 domain's DMARC policy. Please contact the administrator of\n"
                    "550-5.7.26 timeclock.test domain if this was a legitimate mail. To learn about\n"
                    "550-5.7.26 DMARC, go to\n"
                    "550 5.7.26 https://support.google.com/mail/?p=DmarcRejection {queue_id} - gsmtp"
                )
            },
            greeting="mx.google.com ESMTP gsmtp",
        ),
    },
)
