"""Greylisting by a German server, in words of its own."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="grey-in-german",
    title="A German server puts strangers off",
    address="anna@grey-in-german.test",
    expects="greylisted",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "grey-in-german.test": {"MX": ("10 mx.grey-in-german.test.",)},
        "mx.grey-in-german.test": {"A": ("198.51.100.102",)},
    },
    hosts={
        ("198.51.100.102", 25): Smtp(
            replies={SmtpStage.RCPT: "451 4.7.1 Greylisting aktiv, bitte versuchen Sie es in 5 Minuten erneut"}
        ),
    },
)
