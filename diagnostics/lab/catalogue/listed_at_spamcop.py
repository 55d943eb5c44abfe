"""SpamCop's list, quoted before the recipient is named."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="listed-at-spamcop",
    title="SpamCop's list names our address",
    address="anna@listed-at-spamcop.test",
    expects="sender.listed",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "listed-at-spamcop.test": {"MX": ("10 mx.listed-at-spamcop.test.",)},
        "mx.listed-at-spamcop.test": {"A": ("198.51.100.89",)},
    },
    hosts={
        ("198.51.100.89", 25): Smtp(
            replies={
                SmtpStage.MAIL: (
                    "553 5.3.0 Mail from 198.51.100.250 refused, see http://www.spamcop.net/bl.shtml?198.51.100.250"
                )
            }
        ),
    },
)
