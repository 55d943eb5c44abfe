"""The DNS filter leads our name to a page of its own, at a private address."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.looks import script_at
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.network_look import How, Place

scenario = Scenario(
    slug="network-dns-filter",
    title="The DNS filter hides our servers",
    address="anna@network-dns-filter.test",
    expects="network.dns-filter",
    verdict=Verdict.CAUSE_FOUND,
    reports=(script_at(Place.DEVICE, otherwise=How.REFUSED, address="10.20.30.41"),),
    zone={
        "network-dns-filter.test": {"MX": ("10 mx.network-dns-filter.test.",)},
        "mx.network-dns-filter.test": {"A": ("198.51.100.183",)},
    },
    hosts={
        ("198.51.100.183", 25): Smtp(),
    },
)
