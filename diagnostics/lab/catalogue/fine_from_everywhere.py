"""Healthy: the ports were closed once, were opened then, and the device gets through from everywhere."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.looks import browser_at, script_at
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.network_look import How, Place

scenario = Scenario(
    slug="fine-from-everywhere",
    title="Every port is open, wherever one looks from",
    address="anna@fine-from-everywhere.test",
    verdict=Verdict.NOTHING_FOUND,
    reports=(
        script_at(Place.DEVICE, {59777: How.FILTERED}),
        browser_at(Place.OFFICE),
        browser_at(Place.WIFI),
        browser_at(Place.ELSEWHERE),
        script_at(Place.DEVICE),
    ),
    zone={
        "fine-from-everywhere.test": {"MX": ("10 mx.fine-from-everywhere.test.",)},
        "mx.fine-from-everywhere.test": {"A": ("198.51.100.190",)},
    },
    hosts={
        ("198.51.100.190", 25): Smtp(),
    },
)
