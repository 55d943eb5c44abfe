"""The socket has a name server and no way to the internet. The report was pasted in elsewhere."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.looks import script_at
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.network_look import How, Place

scenario = Scenario(
    slug="network-no-way-out",
    title="Neither our test point nor the portal is reached from the device's socket",
    address="anna@network-no-way-out.test",
    expects="network.no-way-out",
    verdict=Verdict.LIKELY_CAUSE,
    reports=(script_at(Place.DEVICE, otherwise=How.FILTERED, portal_reached=False),),
    zone={
        "network-no-way-out.test": {"MX": ("10 mx.network-no-way-out.test.",)},
        "mx.network-no-way-out.test": {"A": ("198.51.100.188",)},
    },
    hosts={
        ("198.51.100.188", 25): Smtp(),
    },
)
