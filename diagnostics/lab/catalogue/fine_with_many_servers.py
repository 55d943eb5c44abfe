"""Healthy: twelve mail hosts, more than anybody tries, all of them at one address."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="fine-with-many-servers",
    title="Everything works, twelve mail hosts share the load",
    address="anna@fine-with-many-servers.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "fine-with-many-servers.test": {
            "MX": tuple(f"10 mx{number}.fine-with-many-servers.test." for number in range(12))
        },
        **{f"mx{number}.fine-with-many-servers.test": {"A": ("198.51.100.139",)} for number in range(12)},
    },
    hosts={("198.51.100.139", 25): Smtp()},
)
