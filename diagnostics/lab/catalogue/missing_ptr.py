"""The server wants a name for every address that talks to it."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="missing-ptr",
    title="The server finds no name for our address",
    address="anna@missing-ptr.test",
    expects="sender.not-trusted",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "missing-ptr.test": {"MX": ("10 mx.missing-ptr.test.",)},
        "mx.missing-ptr.test": {"A": ("192.0.2.55",)},
    },
    hosts={
        ("192.0.2.55", 25): Smtp(
            replies={
                SmtpStage.RCPT: ("450 4.7.25 Client host rejected: cannot find your reverse hostname, [198.51.100.250]")
            },
        )
    },
)
