"""Yahoo takes the test message; the customer finds it in the spam folder."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Folder, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="in-spam",
    title="The message went to the spam folder",
    address="anna@in-spam.test",
    article="verification",
    expects="placed.spam",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    customer_says="spam",
    zone={
        "in-spam.test": {"MX": ("10 mta-lab.am0.yahoodns.net.",)},
        "mta-lab.am0.yahoodns.net": {"A": ("198.51.100.35",)},
    },
    hosts={("198.51.100.35", 25): Smtp(folder=Folder.SPAM, taken="250 ok dirdel")},
)
