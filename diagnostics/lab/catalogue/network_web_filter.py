"""A block page stands where we should answer; the other ports are open."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.looks import script_at
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.network_look import How, Place

scenario = Scenario(
    slug="network-web-filter",
    title="A web filter shows its own page in our place",
    address="anna@network-web-filter.test",
    expects="network.web-filter",
    verdict=Verdict.CAUSE_FOUND,
    reports=(script_at(Place.DEVICE, {80: How.OTHER, 443: How.OTHER}),),
    zone={
        "network-web-filter.test": {"MX": ("10 mx.network-web-filter.test.",)},
        "mx.network-web-filter.test": {"A": ("198.51.100.187",)},
    },
    hosts={
        ("198.51.100.187", 25): Smtp(),
    },
)
