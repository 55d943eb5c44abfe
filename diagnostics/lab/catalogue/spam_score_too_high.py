"""SpamAssassin at the door, with its score."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="spam-score-too-high",
    title="The message gets too many points",
    address="anna@spam-score-too-high.test",
    expects="content.refused",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "spam-score-too-high.test": {"MX": ("10 mx.spam-score-too-high.test.",)},
        "mx.spam-score-too-high.test": {"A": ("198.51.100.97",)},
    },
    hosts={
        ("198.51.100.97", 25): Smtp(
            replies={
                SmtpStage.CONTENT: (
                    "550 5.7.1 This message scored 11.3 points and was identified as spam by SpamAssassin"
                )
            }
        ),
    },
)
