"""Healthy: the first mail host is down and the second one takes the mail, as RFC 5321 section 5.1 means it to be."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Closed, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="one-mx-dead",
    title="One of two mail servers is down, mail arrives all the same",
    address="anna@one-mx-dead.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "one-mx-dead.test": {
            "MX": ("10 mx1.one-mx-dead.test.", "20 mx2.one-mx-dead.test.", "30 mx3.one-mx-dead.test.")
        },
        "mx1.one-mx-dead.test": {"A": ("203.0.113.53",)},
        "mx2.one-mx-dead.test": {"A": ("203.0.113.54",)},
    },
    hosts={("203.0.113.53", 25): Closed(), ("203.0.113.54", 25): Smtp()},
)
