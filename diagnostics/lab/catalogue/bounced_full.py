"""Taken at the door, returned from inside: the mailbox is full."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Bounce, Folder, Smtp
from diagnostics.lab.scenario import Scenario

FULL = Bounce("552 5.2.2 <{recipient}>: Quota exceeded (mailbox for user is full)", host="store.bounced-full.test")

scenario = Scenario(
    slug="bounced-full",
    title="Accepted, then returned: the mailbox is full",
    address="anna@bounced-full.test",
    article="verification",
    expects="mailbox.full",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "bounced-full.test": {"MX": ("10 mx.bounced-full.test.",)},
        "mx.bounced-full.test": {"A": ("203.0.113.93",)},
    },
    hosts={("203.0.113.93", 25): Smtp(folder=Folder.NOWHERE, bounces=FULL)},
)
