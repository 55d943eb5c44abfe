"""The real code e-mail was put off and has not been taken yet."""

from datetime import UTC, datetime, timedelta

from diagnostics.domain import SendEvent, SendEventKind, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

ASKED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

scenario = Scenario(
    slug="code-mail-deferred",
    title="The code e-mail is being put off by greylisting",
    address="anna@code-mail-deferred.test",
    expects="greylisted",
    verdict=Verdict.CAUSE_FOUND,
    tier=1,
    events=(
        SendEvent(SendEventKind.QUEUED, ASKED, "sendgrid"),
        SendEvent(
            SendEventKind.DEFERRED,
            ASKED + timedelta(seconds=4),
            "postmark",
            reply="450 4.2.0 <anna@code-mail-deferred.test>: Greylisted, try again in 300 seconds",
        ),
    ),
    zone={
        "code-mail-deferred.test": {"MX": ("10 mx.code-mail-deferred.test.",)},
        "mx.code-mail-deferred.test": {"A": ("203.0.113.134",)},
    },
    hosts={("203.0.113.134", 25): Smtp()},
)
