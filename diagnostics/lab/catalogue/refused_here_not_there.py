"""The company's server refuses without a reason; a private mailbox gets the same message."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="refused-here-not-there",
    title="Only the company's server refuses",
    address="anna@refused-here-not-there.test",
    expects="policy.refused",
    verdict=Verdict.LIKELY_CAUSE,
    sends_message=True,
    compares_with="anna@private.refused-here-not-there.test",
    beside=("comparison.mail-server",),
    zone={
        "refused-here-not-there.test": {"MX": ("10 mx.refused-here-not-there.test.",)},
        "mx.refused-here-not-there.test": {"A": ("198.51.100.129",)},
        "private.refused-here-not-there.test": {"MX": ("10 mx.private.refused-here-not-there.test.",)},
        "mx.private.refused-here-not-there.test": {"A": ("198.51.100.130",)},
    },
    hosts={
        ("198.51.100.129", 25): Smtp(replies={SmtpStage.RCPT: "554 5.0.0 go elsewhere"}),
        ("198.51.100.130", 25): Smtp(),
    },
)
