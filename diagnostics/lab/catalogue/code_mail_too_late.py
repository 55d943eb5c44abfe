"""The code e-mail was put off first and delivered after the code had expired."""

from datetime import UTC, datetime, timedelta

from diagnostics.domain import SendEvent, SendEventKind, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

ASKED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

scenario = Scenario(
    slug="code-mail-too-late",
    title="The code e-mail was delivered after its code had expired",
    address="anna@code-mail-too-late.test",
    expects="greylisted",
    verdict=Verdict.CAUSE_FOUND,
    tier=1,
    events=(
        SendEvent(SendEventKind.QUEUED, ASKED, "sendgrid"),
        SendEvent(
            SendEventKind.DEFERRED,
            ASKED + timedelta(seconds=4),
            "postmark",
            reply="451 4.7.1 <anna@code-mail-too-late.test>: Greylisting in action, please come back later",
        ),
        SendEvent(SendEventKind.DELIVERED, ASKED + timedelta(minutes=25), "postmark", reply="250 2.0.0 Ok: queued"),
    ),
    zone={
        "code-mail-too-late.test": {"MX": ("10 mx.code-mail-too-late.test.",)},
        "mx.code-mail-too-late.test": {"A": ("203.0.113.140",)},
    },
    hosts={("203.0.113.140", 25): Smtp()},
)
