"""The address was unsubscribed, and gets no codes since."""

from diagnostics.domain import Suppression, SuppressionReason, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="unsubscribed",
    title="The address was unsubscribed at our sending service",
    address="anna@unsubscribed.test",
    expects="suppressed.other",
    verdict=Verdict.CAUSE_FOUND,
    tier=1,
    suppressed=(Suppression("postmark", SuppressionReason.UNSUBSCRIBE, removable=True),),
    zone={
        "unsubscribed.test": {"MX": ("10 mx.unsubscribed.test.",)},
        "mx.unsubscribed.test": {"A": ("203.0.113.132",)},
    },
    hosts={("203.0.113.132", 25): Smtp()},
)
