"""The banner puts everybody off: too many connections."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="greets-with-busy",
    title="Their server says that it is too busy",
    address="anna@greets-with-busy.test",
    expects="server.temporary",
    verdict=Verdict.LIKELY_CAUSE,
    zone={
        "greets-with-busy.test": {"MX": ("10 mx.greets-with-busy.test.",)},
        "mx.greets-with-busy.test": {"A": ("198.51.100.63",)},
    },
    hosts={
        ("198.51.100.63", 25): Smtp(
            replies={SmtpStage.BANNER: "421 4.3.2 {host} all lines are taken, come back later"}
        ),
    },
)
