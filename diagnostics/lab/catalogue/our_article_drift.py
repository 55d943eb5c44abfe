"""The article names a server that is gone and misses a new one: worth a note, no cause."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="our-article-drift",
    title="Our article misses a server of ours",
    address="anna@our-article-drift.test",
    article="timeclock-drift",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "our-article-drift.test": {"MX": ("10 mx.our-article-drift.test.",)},
        "mx.our-article-drift.test": {"A": ("203.0.113.194",)},
    },
    hosts={("203.0.113.194", 25): Smtp()},
)
