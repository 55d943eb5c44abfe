"""The VLAN of the devices has rules of its own: the office gets through, the device does not."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.looks import browser_at, script_at
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.network_look import How, Place

scenario = Scenario(
    slug="network-segment-blocked",
    title="Only the part of the network that the device is in keeps ports closed",
    address="anna@network-segment-blocked.test",
    expects="network.segment-blocked",
    verdict=Verdict.CAUSE_FOUND,
    reports=(
        browser_at(Place.OFFICE),
        script_at(Place.DEVICE, {59777: How.FILTERED, 59778: How.REFUSED}),
    ),
    zone={
        "network-segment-blocked.test": {"MX": ("10 mx.network-segment-blocked.test.",)},
        "mx.network-segment-blocked.test": {"A": ("198.51.100.181",)},
    },
    hosts={
        ("198.51.100.181", 25): Smtp(),
    },
)
