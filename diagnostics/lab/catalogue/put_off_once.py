"""Greylisting (RFC 6647) to its end: refused at first, taken at the second try from the same sender."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="put-off-once",
    title="Their server puts us off once, then takes the message",
    address="anna@put-off-once.test",
    article="verification",
    expects="greylisted",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "put-off-once.test": {"MX": ("10 mx.put-off-once.test.",)},
        "mx.put-off-once.test": {"A": ("203.0.113.90",)},
    },
    hosts={("203.0.113.90", 25): Smtp(greylists_for=2.0, banner_after=1.0)},
)
