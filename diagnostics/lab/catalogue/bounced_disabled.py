"""Taken at the door; a store behind it says that the mailbox is switched off."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Bounce, Folder, Smtp
from diagnostics.lab.scenario import Scenario

OFF = Bounce("550 5.2.1 <{recipient}>: Mailbox disabled, not accepting messages", host="store.bounced-disabled.test")

scenario = Scenario(
    slug="bounced-disabled",
    title="Accepted, then returned: the mailbox is switched off",
    address="anna@bounced-disabled.test",
    expects="mailbox.disabled",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "bounced-disabled.test": {"MX": ("10 mx.bounced-disabled.test.",)},
        "mx.bounced-disabled.test": {"A": ("198.51.100.137",)},
    },
    hosts={
        ("198.51.100.137", 25): Smtp(folder=Folder.NOWHERE, bounces=OFF),
    },
)
