"""The server does not take mail from our sender address."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="sender-unwelcome",
    title="Their server does not like our sender address",
    address="anna@sender-unwelcome.test",
    expects="sender.not-trusted",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "sender-unwelcome.test": {"MX": ("10 mx.sender-unwelcome.test.",)},
        "mx.sender-unwelcome.test": {"A": ("198.51.100.95",)},
    },
    hosts={
        ("198.51.100.95", 25): Smtp(
            replies={SmtpStage.MAIL: "550 5.1.8 <codes@timeclock.test>: Sender address rejected: Domain not found"}
        ),
    },
)
