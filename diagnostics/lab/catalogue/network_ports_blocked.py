"""The firewall lets out 80 and 443 only, wherever one looks from."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.looks import browser_at, script_at
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.network_look import How, Place

scenario = Scenario(
    slug="network-ports-blocked",
    title="The firewall keeps two ports of the device closed",
    address="anna@network-ports-blocked.test",
    expects="network.ports-blocked",
    verdict=Verdict.CAUSE_FOUND,
    reports=(
        browser_at(Place.OFFICE, {59777: How.SILENT, 59778: How.SILENT}),
        script_at(Place.DEVICE, {59777: How.FILTERED, 59778: How.FILTERED}),
        browser_at(Place.ELSEWHERE),
    ),
    zone={
        "network-ports-blocked.test": {"MX": ("10 mx.network-ports-blocked.test.",)},
        "mx.network-ports-blocked.test": {"A": ("198.51.100.180",)},
    },
    hosts={
        ("198.51.100.180", 25): Smtp(),
    },
)
