"""A forward that leads back to where it began."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="too-many-forwards",
    title="A forward that bites its own tail",
    address="anna@too-many-forwards.test",
    expects="forward.broken",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "too-many-forwards.test": {"MX": ("10 mx.too-many-forwards.test.",)},
        "mx.too-many-forwards.test": {"A": ("198.51.100.107",)},
    },
    hosts={
        ("198.51.100.107", 25): Smtp(
            replies={SmtpStage.CONTENT: "550 5.4.14 Hop count exceeded - possible mail loop ATTR34"},
            greeting="Microsoft ESMTP MAIL Service ready",
        ),
    },
)
