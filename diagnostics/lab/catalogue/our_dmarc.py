"""Neither SPF nor DKIM passes, our policy says reject, and their server keeps to it."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="our-dmarc",
    title="Our own DMARC policy has our mail refused",
    address="anna@our-dmarc.test",
    article="timeclock-astray",
    expects="our.dmarc",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "our-dmarc.test": {"MX": ("10 mx.our-dmarc.test.",)},
        "mx.our-dmarc.test": {"A": ("203.0.113.188",)},
    },
    hosts={
        ("203.0.113.188", 25): Smtp(
            replies={
                SmtpStage.CONTENT: (
                    "550 5.7.509 Access denied, sending domain TIMECLOCK-ASTRAY.TEST does not pass DMARC verification "
                    "and has a DMARC policy of reject."
                )
            }
        )
    },
)
