"""Two servers take each other for the final one."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="forward-loop",
    title="The mail goes round in a circle",
    address="anna@forward-loop.test",
    expects="forward.broken",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "forward-loop.test": {"MX": ("10 mx.forward-loop.test.",)},
        "mx.forward-loop.test": {"A": ("192.0.2.59",)},
    },
    hosts={
        ("192.0.2.59", 25): Smtp(
            replies={SmtpStage.CONTENT: "554 5.4.6 Too many hops 26 (25 max)"},
        )
    },
)
