"""A full disk for a moment; the second try goes through. Nothing is wrong any more."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="trouble-passed",
    title="Their server has trouble for a moment, then takes the message",
    address="anna@trouble-passed.test",
    article="verification",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "trouble-passed.test": {"MX": ("10 mx.trouble-passed.test.",)},
        "mx.trouble-passed.test": {"A": ("203.0.113.98",)},
    },
    hosts={("203.0.113.98", 25): Smtp(greylists_for=2.0, puts_off_with="452 4.3.1 Insufficient system storage")},
)
