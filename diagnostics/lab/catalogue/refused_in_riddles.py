"""A sentence of the server's own that no rule knows."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="refused-in-riddles",
    title="Their server refuses in a riddle",
    address="anna@refused-in-riddles.test",
    expects="refused.unclear",
    verdict=Verdict.LIKELY_CAUSE,
    sends_message=True,
    zone={
        "refused-in-riddles.test": {"MX": ("10 mx.refused-in-riddles.test.",)},
        "mx.refused-in-riddles.test": {"A": ("198.51.100.105",)},
    },
    hosts={
        ("198.51.100.105", 25): Smtp(replies={SmtpStage.RCPT: "599 The owl does not fly tonight, ask the miller"}),
    },
)
