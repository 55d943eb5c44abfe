"""The server asks Spamhaus through a public resolver and takes the refusal for a listing."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="blocklist-misread",
    title="The server misreads a blocklist that refuses its questions",
    address="anna@blocklist-misread.test",
    expects="blocklist.misread",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "blocklist-misread.test": {"MX": ("10 mx.blocklist-misread.test.",)},
        "mx.blocklist-misread.test": {"A": ("192.0.2.61",)},
    },
    hosts={
        ("192.0.2.61", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "554 5.7.1 Service unavailable; Client host [198.51.100.250] blocked using zen.spamhaus.org; "
                    "Error: open resolver; https://check.spamhaus.org/returnc/pub/192.0.2.200/"
                )
            },
        )
    },
)
