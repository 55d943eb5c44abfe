"""A Dutch filter takes the message for spam."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="virus-in-dutch",
    title="The message is spam, says a Dutch filter",
    address="anna@virus-in-dutch.test",
    expects="content.refused",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "virus-in-dutch.test": {"MX": ("10 mx.virus-in-dutch.test.",)},
        "mx.virus-in-dutch.test": {"A": ("198.51.100.96",)},
    },
    hosts={
        ("198.51.100.96", 25): Smtp(replies={SmtpStage.CONTENT: "554 5.7.1 Bericht geweigerd: herkend als spam"}),
    },
)
