"""The refusal names a blocklist, and the list names that address."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="our-address-listed",
    title="One of our addresses is listed, and their server uses the list",
    address="anna@our-address-listed.test",
    article="timeclock-astray",
    expects="our.listed",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "our-address-listed.test": {"MX": ("10 mx.our-address-listed.test.",)},
        "mx.our-address-listed.test": {"A": ("203.0.113.190",)},
    },
    hosts={
        ("203.0.113.190", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "554 5.7.1 Service unavailable; Client host [203.0.113.181] blocked using zen.spamhaus.org; "
                    "https://www.spamhaus.org/query/ip/203.0.113.181"
                )
            }
        )
    },
)
