"""A blocklist is named in German, over several lines."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="listed-in-german",
    title="A blocklist is named in German",
    address="anna@listed-in-german.test",
    expects="sender.listed",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "listed-in-german.test": {"MX": ("10 mx.listed-in-german.test.",)},
        "mx.listed-in-german.test": {"A": ("192.0.2.63",)},
    },
    hosts={
        ("192.0.2.63", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "554-5.7.1 Zustellung abgelehnt: Ihre IP-Adresse 198.51.100.250 steht auf einer Sperrliste\n"
                    "554 5.7.1 siehe https://www.uceprotect.net/en/rblcheck.php?ipr=198.51.100.250"
                )
            },
        )
    },
)
