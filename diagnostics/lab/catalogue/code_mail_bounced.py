"""The real code e-mail came back: the mailbox was full. The server says nothing of it to anybody else."""

from datetime import UTC, datetime, timedelta

from diagnostics.domain import SendEvent, SendEventKind, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

ASKED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

scenario = Scenario(
    slug="code-mail-bounced",
    title="The code e-mail came back because the mailbox is full",
    address="anna@code-mail-bounced.test",
    expects="mailbox.full",
    verdict=Verdict.CAUSE_FOUND,
    tier=1,
    events=(
        SendEvent(SendEventKind.QUEUED, ASKED, "sendgrid"),
        SendEvent(
            SendEventKind.BOUNCED,
            ASKED + timedelta(seconds=4),
            "postmark",
            reply="smtp;552 5.2.2 <anna@code-mail-bounced.test>: mailbox full, over quota",
        ),
    ),
    zone={
        "code-mail-bounced.test": {"MX": ("10 mx.code-mail-bounced.test.",)},
        "mx.code-mail-bounced.test": {"A": ("203.0.113.133",)},
    },
    hosts={("203.0.113.133", 25): Smtp()},
)
