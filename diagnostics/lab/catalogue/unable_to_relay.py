"""Exchange does not serve the domain."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="unable-to-relay",
    title="The Exchange server does not feel responsible for the domain",
    address="anna@unable-to-relay.test",
    expects="domain.not-served",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "unable-to-relay.test": {"MX": ("10 mx.unable-to-relay.test.",)},
        "mx.unable-to-relay.test": {"A": ("198.51.100.81",)},
    },
    hosts={
        ("198.51.100.81", 25): Smtp(
            replies={SmtpStage.RCPT: "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain"},
            greeting="Microsoft ESMTP MAIL Service ready",
        ),
    },
)
