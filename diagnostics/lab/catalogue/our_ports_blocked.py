"""Two of the ports that timeclocks need are filtered on the way to the host. Mail is fine."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Filtered, Http, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="our-ports-blocked",
    title="Two ports of the clock service do not answer",
    address="anna@our-ports-blocked.test",
    article="timeclock-port-blocked",
    expects="ports.blocked",
    verdict=Verdict.CAUSE_FOUND,
    zone={
        "our-ports-blocked.test": {"MX": ("10 mx.our-ports-blocked.test.",)},
        "mx.our-ports-blocked.test": {"A": ("198.51.100.41",)},
        "clock.timeclock-port-blocked.test": {"A": ("192.0.2.41",)},
    },
    hosts={
        ("198.51.100.41", 25): Smtp(),
        ("192.0.2.41", 80): Http(),
        ("192.0.2.41", 443): Http(tls=True),
        ("192.0.2.41", 59777): Filtered(),
        ("192.0.2.41", 59778): Filtered(),
    },
)
