"""The list tells the server that it asks too often; the server takes that for a listing."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="list-misread-again",
    title="Their server asks a list too often and misreads the answer",
    address="anna@list-misread-again.test",
    expects="blocklist.misread",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "list-misread-again.test": {"MX": ("10 mx.list-misread-again.test.",)},
        "mx.list-misread-again.test": {"A": ("198.51.100.98",)},
    },
    hosts={
        ("198.51.100.98", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "550 5.7.1 [198.51.100.250] is on zen.spamhaus.org: 127.255.255.255 excessive number of queries"
                )
            }
        ),
    },
)
