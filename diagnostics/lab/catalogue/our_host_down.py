"""The host that timeclocks talk to refuses connections on every port. Mail is fine."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Closed, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="our-host-down",
    title="The clock service is down, on our side",
    address="anna@our-host-down.test",
    article="timeclock-outage",
    expects="ports.host-down",
    verdict=Verdict.CAUSE_FOUND,
    zone={
        "our-host-down.test": {"MX": ("10 mx.our-host-down.test.",)},
        "mx.our-host-down.test": {"A": ("198.51.100.40",)},
        "clock.timeclock-outage.test": {"A": ("192.0.2.40",)},
    },
    hosts={("198.51.100.40", 25): Smtp(), **{("192.0.2.40", port): Closed() for port in (80, 443, 59777, 59778)}},
)
