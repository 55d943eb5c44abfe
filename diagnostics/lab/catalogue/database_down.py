"""A Polish server whose user database is down, without a status code."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="database-down",
    title="Their server's database is down",
    address="anna@database-down.test",
    expects="server.temporary",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "database-down.test": {"MX": ("10 mx.database-down.test.",)},
        "mx.database-down.test": {"A": ("198.51.100.101",)},
    },
    hosts={
        ("198.51.100.101", 25): Smtp(
            replies={SmtpStage.RCPT: "451 Temporary local problem - please try later: baza danych niedostepna"},
            greeting="ESMTP Exim 4.98",
        ),
    },
)
