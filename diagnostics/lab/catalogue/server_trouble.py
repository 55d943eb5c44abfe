"""The server itself has trouble, for every recipient."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="server-trouble",
    title="Their mail server has run out of space",
    address="anna@server-trouble.test",
    expects="server.temporary",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "server-trouble.test": {"MX": ("10 mx.server-trouble.test.",)},
        "mx.server-trouble.test": {"A": ("198.51.100.30",)},
    },
    hosts={("198.51.100.30", 25): Smtp(replies={SmtpStage.MAIL: "452 4.3.1 Insufficient system storage"})},
)
