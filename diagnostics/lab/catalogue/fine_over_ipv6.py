"""Healthy: mail hosts with IPv6 addresses alone, and a vendor that sends over IPv6."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="fine-over-ipv6",
    title="Everything works, over IPv6 alone",
    address="anna@fine-over-ipv6.test",
    article="timeclock-six",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "fine-over-ipv6.test": {"MX": ("10 mx.fine-over-ipv6.test.",)},
        "mx.fine-over-ipv6.test": {"AAAA": ("2001:db8:6::25",)},
    },
    hosts={("2001:db8:6::25", 25): Smtp()},
)
