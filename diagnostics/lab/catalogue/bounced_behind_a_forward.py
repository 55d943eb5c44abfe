"""The mailbox passes its mail on to one at another provider that is no longer there; the bounce says so."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Bounce, Folder, Smtp
from diagnostics.lab.scenario import Scenario

GONE = Bounce(
    "550 5.1.1 The email account that you tried to reach does not exist",
    host="mx.elsewhere.example",
    recipient="anna.private@elsewhere.example",
)

scenario = Scenario(
    slug="bounced-behind-a-forward",
    title="Accepted, then returned from where it is passed on to",
    address="anna@bounced-behind-a-forward.test",
    article="verification",
    expects="forward.broken",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "bounced-behind-a-forward.test": {"MX": ("10 mx.bounced-behind-a-forward.test.",)},
        "mx.bounced-behind-a-forward.test": {"A": ("203.0.113.94",)},
    },
    hosts={("203.0.113.94", 25): Smtp(folder=Folder.NOWHERE, bounces=GONE)},
)
