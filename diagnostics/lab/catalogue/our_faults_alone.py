"""Their server took the message and nobody has found it: what is wrong on our side is the likely cause."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="our-faults-alone",
    title="Taken, not found, and our side is out of order",
    address="anna@our-faults-alone.test",
    article="timeclock-astray",
    expects="our.spf",
    verdict=Verdict.LIKELY_CAUSE,
    sends_message=True,
    zone={
        "our-faults-alone.test": {"MX": ("10 mx.our-faults-alone.test.",)},
        "mx.our-faults-alone.test": {"A": ("203.0.113.192",)},
    },
    hosts={("203.0.113.192", 25): Smtp()},
)
