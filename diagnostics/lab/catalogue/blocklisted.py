"""Postfix refuses our address because Spamhaus lists it."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="blocklisted",
    title="Our own server stands on a blocklist",
    address="anna@blocklisted.test",
    expects="sender.listed",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "blocklisted.test": {"MX": ("10 mx.blocklisted.test.",)},
        "mx.blocklisted.test": {"A": ("198.51.100.26",)},
    },
    hosts={
        ("198.51.100.26", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "554 5.7.1 Service unavailable; Client host [198.51.100.250] blocked using zen.spamhaus.org; "
                    "https://www.spamhaus.org/query/ip/198.51.100.250"
                )
            }
        )
    },
)
