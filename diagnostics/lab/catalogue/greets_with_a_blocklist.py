"""The banner already refuses us, and names the list that is to blame."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="greets-with-a-blocklist",
    title="The first words of their server name a blocklist",
    address="anna@greets-with-a-blocklist.test",
    expects="sender.listed",
    verdict=Verdict.LIKELY_CAUSE,
    zone={
        "greets-with-a-blocklist.test": {"MX": ("10 mx.greets-with-a-blocklist.test.",)},
        "mx.greets-with-a-blocklist.test": {"A": ("198.51.100.62",)},
    },
    hosts={
        ("198.51.100.62", 25): Smtp(
            replies={
                SmtpStage.BANNER: "554 5.7.1 {host} your address [198.51.100.250] is listed by bl.spamcop.net, go away"
            }
        ),
    },
)
