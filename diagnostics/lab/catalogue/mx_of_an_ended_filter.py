"""The only MX host belongs to a filter whose service has ended."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mx-of-an-ended-filter",
    title="The mail records name a filter that is no longer offered",
    address="anna@mx-of-an-ended-filter.test",
    expects="mx.stale-filter",
    verdict=Verdict.LIKELY_CAUSE,
    zone={
        "mx-of-an-ended-filter.test": {"MX": ("10 mx-of-an-ended-filter.test.inbound10.mxlogic.net.",)},
        "mx-of-an-ended-filter.test.inbound10.mxlogic.net": {"A": ("203.0.113.28",)},
    },
    hosts={("203.0.113.28", 25): Smtp()},
)
