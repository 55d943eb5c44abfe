"""Healthy: a mailbox of a throw-away service, and mail arrives there."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="disposable-address",
    title="The address is one that lasts ten minutes",
    address="anna@10minutemail.com",
    article="verification",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "10minutemail.com": {"MX": ("10 mx.disposable-address.test.",)},
        "mx.disposable-address.test": {"A": ("203.0.113.65",)},
    },
    hosts={("203.0.113.65", 25): Smtp()},
)
