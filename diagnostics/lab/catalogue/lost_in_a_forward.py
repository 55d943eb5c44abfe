"""The domain only forwards; what becomes of the test message behind the forward, nobody sees."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Folder, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="lost-in-a-forward",
    title="Passed on to another mailbox, then never seen",
    address="anna@lost-in-a-forward.test",
    article="verification",
    expects="accepted.not-seen",
    verdict=Verdict.LIKELY_CAUSE,
    sends_message=True,
    customer_says="nowhere",
    zone={
        "lost-in-a-forward.test": {
            "MX": ("10 route1-lab.mx.cloudflare.net.", "20 route2-lab.mx.cloudflare.net."),
            "TXT": ('"v=spf1 include:_spf.mx.cloudflare.net include:_spf.google.com ~all"',),
        },
        "route1-lab.mx.cloudflare.net": {"A": ("203.0.113.35",)},
        "route2-lab.mx.cloudflare.net": {"A": ("203.0.113.36",)},
    },
    hosts={(address, 25): Smtp(folder=Folder.NOWHERE) for address in ("203.0.113.35", "203.0.113.36")},
)
