"""Our own test point is down: what looks like their firewall is our fault, and nobody is accused."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Closed, Smtp
from diagnostics.lab.looks import PORTS, browser_at, script_at
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.network_look import How, Place

DOWN = "check.timeclock-mute.test"

scenario = Scenario(
    slug="fine-past-our-test-point",
    title="Our own test point does not answer",
    address="anna@fine-past-our-test-point.test",
    article="timeclock-mute",
    verdict=Verdict.NOTHING_FOUND,
    reports=(
        script_at(Place.DEVICE, otherwise=How.REFUSED, host=DOWN, address="192.0.2.31"),
        browser_at(Place.OFFICE, otherwise=How.FAILED, host=DOWN),
    ),
    zone={
        "fine-past-our-test-point.test": {"MX": ("10 mx.fine-past-our-test-point.test.",)},
        "mx.fine-past-our-test-point.test": {"A": ("198.51.100.192",)},
        DOWN: {"A": ("192.0.2.31",)},
    },
    hosts={
        ("198.51.100.192", 25): Smtp(),
        **{("192.0.2.31", port): Closed() for port in PORTS},
    },
)
