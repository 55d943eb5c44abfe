"""The server loses the thread of the conversation, and blames us."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="out-of-step",
    title="Their server loses the thread",
    address="anna@out-of-step.test",
    expects="refused.unclear",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "out-of-step.test": {"MX": ("10 mx.out-of-step.test.",)},
        "mx.out-of-step.test": {"A": ("198.51.100.106",)},
    },
    hosts={
        ("198.51.100.106", 25): Smtp(
            replies={SmtpStage.RCPT: "503 5.5.1 Error: bad sequence of commands, nobody has said hello"}
        ),
    },
)
