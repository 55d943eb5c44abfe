"""The cable is open, the Wi-Fi for devices is not. Seen by a browser, which gets through at 443."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.looks import browser_at, script_at
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.network_look import How, Place

scenario = Scenario(
    slug="network-wifi-blocked",
    title="The device gets through by cable, not by Wi-Fi",
    address="anna@network-wifi-blocked.test",
    expects="network.wifi-blocked",
    verdict=Verdict.CAUSE_FOUND,
    reports=(
        script_at(Place.DEVICE),
        browser_at(Place.WIFI, {59777: How.SILENT, 59778: How.SILENT}),
    ),
    zone={
        "network-wifi-blocked.test": {"MX": ("10 mx.network-wifi-blocked.test.",)},
        "mx.network-wifi-blocked.test": {"A": ("198.51.100.182",)},
    },
    hosts={
        ("198.51.100.182", 25): Smtp(),
    },
)
