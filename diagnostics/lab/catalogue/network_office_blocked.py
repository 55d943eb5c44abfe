"""Ports are closed to a browser in the office; nobody has looked from where the device is."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.looks import browser_at
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.network_look import How, Place

scenario = Scenario(
    slug="network-office-blocked",
    title="A browser in the office finds ports closed",
    address="anna@network-office-blocked.test",
    expects="network.ports-blocked",
    verdict=Verdict.LIKELY_CAUSE,
    reports=(browser_at(Place.OFFICE, {59777: How.SILENT, 59778: How.SILENT}),),
    zone={
        "network-office-blocked.test": {"MX": ("10 mx.network-office-blocked.test.",)},
        "mx.network-office-blocked.test": {"A": ("198.51.100.189",)},
    },
    hosts={
        ("198.51.100.189", 25): Smtp(),
    },
)
