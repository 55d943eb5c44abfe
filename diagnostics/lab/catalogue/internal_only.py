"""A distribution list for colleagues only."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="internal-only",
    title="The address takes mail from colleagues only",
    address="all@internal-only.test",
    expects="recipient.restricted",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "internal-only.test": {"MX": ("10 mx.internal-only.test.",)},
        "mx.internal-only.test": {"A": ("198.51.100.83",)},
    },
    hosts={
        ("198.51.100.83", 25): Smtp(
            replies={
                SmtpStage.CONTENT: (
                    "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; only "
                    "colleagues may write to {recipient}"
                )
            },
            greeting="Microsoft ESMTP MAIL Service ready",
        ),
    },
)
