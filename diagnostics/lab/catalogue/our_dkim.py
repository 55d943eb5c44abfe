"""The refusal quotes DKIM, and our own look finds that the key was withdrawn."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="our-dkim",
    title="Our DKIM key was withdrawn, and their server says so",
    address="anna@our-dkim.test",
    article="timeclock-astray",
    expects="our.dkim",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "our-dkim.test": {"MX": ("10 mx.our-dkim.test.",)},
        "mx.our-dkim.test": {"A": ("203.0.113.187",)},
    },
    hosts={
        ("203.0.113.187", 25): Smtp(
            replies={
                SmtpStage.CONTENT: (
                    "550 5.7.20 Message refused: the DKIM signature did not pass, "
                    "no usable key for clocks._domainkey.timeclock-astray.test"
                )
            }
        )
    },
)
