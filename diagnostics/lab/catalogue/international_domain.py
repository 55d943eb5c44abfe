"""Healthy: a domain with letters beyond a to z (bücher-werkstatt.test)."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="international-domain",
    title="The domain is written with an umlaut",
    address="anna@xn--bcher-werkstatt-zvb.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "xn--bcher-werkstatt-zvb.test": {"MX": ("10 mx.xn--bcher-werkstatt-zvb.test.",)},
        "mx.xn--bcher-werkstatt-zvb.test": {"A": ("203.0.113.62",)},
    },
    hosts={("203.0.113.62", 25): Smtp()},
)
