"""The content filter judges the message to be spam and refuses it."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="content-refused",
    title="Their filter takes our message for spam",
    address="anna@content-refused.test",
    expects="content.refused",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "content-refused.test": {"MX": ("10 mx.content-refused.test.",)},
        "mx.content-refused.test": {"A": ("198.51.100.28",)},
    },
    hosts={
        ("198.51.100.28", 25): Smtp(
            replies={SmtpStage.CONTENT: "554 5.7.1 Message rejected: content was identified as spam"}
        )
    },
)
