"""Our sending service would not send the code e-mail, for reasons of ours."""

from datetime import UTC, datetime, timedelta

from diagnostics.domain import SendEvent, SendEventKind, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

ASKED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

scenario = Scenario(
    slug="our-service-refuses",
    title="Our sending service refused the code e-mail",
    address="anna@our-service-refuses.test",
    expects="our.rejected",
    verdict=Verdict.CAUSE_FOUND,
    tier=1,
    events=(
        SendEvent(SendEventKind.QUEUED, ASKED, "sendgrid"),
        SendEvent(
            SendEventKind.REJECTED,
            ASKED + timedelta(seconds=1),
            "sendgrid",
            reply="The account has used up its credits",
        ),
    ),
    zone={
        "our-service-refuses.test": {"MX": ("10 mx.our-service-refuses.test.",)},
        "mx.our-service-refuses.test": {"A": ("203.0.113.136",)},
    },
    hosts={("203.0.113.136", 25): Smtp()},
)
