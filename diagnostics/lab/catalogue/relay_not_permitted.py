"""Exim does not serve the domain (any more)."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="relay-not-permitted",
    title="The mail server takes us for a stranger who wants to relay",
    address="anna@relay-not-permitted.test",
    expects="domain.not-served",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "relay-not-permitted.test": {"MX": ("10 mx.relay-not-permitted.test.",)},
        "mx.relay-not-permitted.test": {"A": ("198.51.100.80",)},
    },
    hosts={
        ("198.51.100.80", 25): Smtp(
            replies={SmtpStage.RCPT: "550 relay not permitted, {recipient} is not one of our domains"},
            greeting="ESMTP Exim 4.98",
        ),
    },
)
