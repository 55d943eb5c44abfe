"""A gateway takes the test message, a filter behind it drops it without a word."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Folder, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="lost-behind-proofpoint",
    title="Taken by Proofpoint, then never seen",
    address="anna@lost-behind-proofpoint.test",
    expects="held.by-filter",
    verdict=Verdict.LIKELY_CAUSE,
    sends_message=True,
    customer_says="nowhere",
    zone={
        "lost-behind-proofpoint.test": {"MX": ("10 mx0a-lab.pphosted.com.",)},
        "mx0a-lab.pphosted.com": {"A": ("198.51.100.33",)},
        "_dmarc.lost-behind-proofpoint.test": {"TXT": ('"v=DMARC1; p=none"',)},
    },
    hosts={("198.51.100.33", 25): Smtp(folder=Folder.NOWHERE)},
)
