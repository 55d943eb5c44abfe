"""A plain server takes the message and nobody ever sees it; no filter is known."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Folder, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="gone-without-a-filter",
    title="Taken by a plain server, then never seen",
    address="anna@gone-without-a-filter.test",
    expects="accepted.not-seen",
    verdict=Verdict.LIKELY_CAUSE,
    sends_message=True,
    customer_says="nowhere",
    zone={
        "gone-without-a-filter.test": {"MX": ("10 mx.gone-without-a-filter.test.",)},
        "mx.gone-without-a-filter.test": {"A": ("198.51.100.132",)},
    },
    hosts={
        ("198.51.100.132", 25): Smtp(folder=Folder.NOWHERE),
    },
)
