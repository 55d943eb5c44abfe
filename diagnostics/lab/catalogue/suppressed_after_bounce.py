"""An earlier message came back, and the sending service has sent nothing since."""

from datetime import UTC, datetime

from diagnostics.domain import Suppression, SuppressionReason, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="suppressed-after-bounce",
    title="Our sending service stopped sending after a bounce",
    address="anna@suppressed-after-bounce.test",
    expects="suppressed.bounce",
    verdict=Verdict.CAUSE_FOUND,
    tier=1,
    suppressed=(
        Suppression(
            "postmark", SuppressionReason.BOUNCE, datetime(2026, 3, 1, tzinfo=UTC), "HardBounce", removable=True
        ),
    ),
    zone={
        "suppressed-after-bounce.test": {"MX": ("10 mx.suppressed-after-bounce.test.",)},
        "mx.suppressed-after-bounce.test": {"A": ("203.0.113.130",)},
    },
    hosts={("203.0.113.130", 25): Smtp()},
)
