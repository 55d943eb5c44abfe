"""Taken at the door; the filter behind it returns it as spam."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Bounce, Folder, Smtp
from diagnostics.lab.scenario import Scenario

SPAM = Bounce("554 5.7.1 Message rejected as spam by the content filter", host="filter.bounced-as-spam.test")

scenario = Scenario(
    slug="bounced-as-spam",
    title="Accepted, then returned as spam",
    address="anna@bounced-as-spam.test",
    expects="content.refused",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "bounced-as-spam.test": {"MX": ("10 mx.bounced-as-spam.test.",)},
        "mx.bounced-as-spam.test": {"A": ("198.51.100.138",)},
    },
    hosts={
        ("198.51.100.138", 25): Smtp(folder=Folder.NOWHERE, bounces=SPAM),
    },
)
