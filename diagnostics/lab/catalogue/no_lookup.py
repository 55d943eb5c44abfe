"""The server cannot reach its own directory of users."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="no-lookup",
    title="Their server cannot look its users up",
    address="anna@no-lookup.test",
    expects="server.temporary",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "no-lookup.test": {"MX": ("10 mx.no-lookup.test.",)},
        "mx.no-lookup.test": {"A": ("198.51.100.100",)},
    },
    hosts={
        ("198.51.100.100", 25): Smtp(replies={SmtpStage.RCPT: "451 4.3.0 <{recipient}>: Temporary lookup failure"}),
    },
)
