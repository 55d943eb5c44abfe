"""Greylisting (RFC 6647): refused at first, taken from the same sender after a minute."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="greylisted",
    title="Their server puts unknown senders off for a while",
    address="anna@greylisted.test",
    article="verification",
    expects="greylisted",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "greylisted.test": {"MX": ("10 mx.greylisted.test.",)},
        "mx.greylisted.test": {"A": ("198.51.100.31",)},
    },
    hosts={("198.51.100.31", 25): Smtp(greylists_for=60.0)},
)
