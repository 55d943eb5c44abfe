"""An alias leads to a mailbox elsewhere that is gone."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="forward-dead",
    title="The mailbox behind the alias does not exist",
    address="anna@forward-dead.test",
    expects="forward.broken",
    verdict=Verdict.LIKELY_CAUSE,
    sends_message=True,
    zone={
        "forward-dead.test": {"MX": ("10 mx.forward-dead.test.",)},
        "mx.forward-dead.test": {"A": ("192.0.2.60",)},
    },
    hosts={
        ("192.0.2.60", 25): Smtp(
            replies={SmtpStage.RCPT: "550 5.1.1 <anna@old-company.example>: Recipient address rejected: User unknown"},
        )
    },
)
