"""The first server takes every message; the one behind it knows no such mailbox, and a bounce comes back."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Bounce, Folder, Smtp
from diagnostics.lab.scenario import Scenario

UNKNOWN = Bounce(
    "550 5.1.1 <{recipient}>: Recipient address rejected: User unknown in virtual mailbox table",
    host="store.bounced-unknown.test",
)

scenario = Scenario(
    slug="bounced-unknown",
    title="Accepted, then returned: the mailbox does not exist",
    address="anna@bounced-unknown.test",
    article="verification",
    expects="mailbox.unknown",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "bounced-unknown.test": {"MX": ("10 mx.bounced-unknown.test.",)},
        "mx.bounced-unknown.test": {"A": ("203.0.113.92",)},
    },
    hosts={("203.0.113.92", 25): Smtp(folder=Folder.NOWHERE, bounces=UNKNOWN)},
)
