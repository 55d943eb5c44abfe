"""A server refuses with a code and nothing else: a hint, no proof."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="bare-code",
    title="The server gives a code without words",
    address="anna@bare-code.test",
    expects="mailbox.unknown",
    verdict=Verdict.LIKELY_CAUSE,
    sends_message=True,
    zone={
        "bare-code.test": {"MX": ("10 mx.bare-code.test.",)},
        "mx.bare-code.test": {"A": ("192.0.2.64",)},
    },
    hosts={
        ("192.0.2.64", 25): Smtp(
            replies={SmtpStage.RCPT: "550 5.1.1"},
        )
    },
)
