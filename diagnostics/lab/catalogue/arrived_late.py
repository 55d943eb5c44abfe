"""Everything works, but a filter looks at each message for 25 minutes; a code lives 10."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.test_message import TestCodeTyped

scenario = Scenario(
    slug="arrived-late",
    title="The message arrives, later than a code lives",
    address="anna@arrived-late.test",
    article="verification",
    expects="arrived.late",
    verdict=Verdict.LIKELY_CAUSE,
    sends_message=True,
    reports=(TestCodeTyped(after_seconds=1500, code_lifetime=600),),
    zone={
        "arrived-late.test": {"MX": ("10 mx.arrived-late.test.",)},
        "mx.arrived-late.test": {"A": ("203.0.113.96",)},
    },
    hosts={("203.0.113.96", 25): Smtp()},
)
