"""The domain's first `o` is Cyrillic: it reads `office-homograph`, and is another domain."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="homograph",
    title="One letter of the domain only looks like the right one",
    address="anna@xn--ffice-homograph-7rm.test",
    expects="address.homograph",
    verdict=Verdict.LIKELY_CAUSE,
    zone={
        "xn--ffice-homograph-7rm.test": {"MX": ("10 mx.homograph.test.",)},
        "mx.homograph.test": {"A": ("203.0.113.63",)},
    },
    hosts={("203.0.113.63", 25): Smtp()},
)
