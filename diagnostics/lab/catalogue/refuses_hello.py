"""Greets us, and then refuses both ways to say hello."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="refuses-hello",
    title="Their server will not be greeted",
    address="anna@refuses-hello.test",
    expects="mx.refuses-us",
    verdict=Verdict.LIKELY_CAUSE,
    zone={
        "refuses-hello.test": {"MX": ("10 mx.refuses-hello.test.",)},
        "mx.refuses-hello.test": {"A": ("198.51.100.65",)},
    },
    hosts={
        ("198.51.100.65", 25): Smtp(replies={SmtpStage.EHLO: "550 5.7.1 We do not talk to strangers"}),
    },
)
