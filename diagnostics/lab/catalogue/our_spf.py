"""The refusal quotes SPF, and our own look finds that our record misses the very server."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="our-spf",
    title="Our SPF record misses a server, and theirs says so",
    address="anna@our-spf.test",
    article="timeclock-astray",
    expects="our.spf",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "our-spf.test": {"MX": ("10 mx.our-spf.test.",)},
        "mx.our-spf.test": {"A": ("203.0.113.186",)},
    },
    hosts={
        ("203.0.113.186", 25): Smtp(
            replies={
                SmtpStage.MAIL: (
                    "550 5.7.23 <codes@timeclock-astray.test>: Sender address rejected: SPF check failed, "
                    "203.0.113.181 is not allowed to send for timeclock-astray.test"
                )
            }
        )
    },
)
