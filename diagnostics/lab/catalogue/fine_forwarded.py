"""A healthy domain that only forwards; the test message is found in the inbox behind it."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="fine-forwarded",
    title="Everything works, the e-mail is passed on by ImprovMX",
    address="anna@fine-forwarded.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "fine-forwarded.test": {"MX": ("10 mx1-lab.improvmx.com.",)},
        "mx1-lab.improvmx.com": {"A": ("203.0.113.37",)},
    },
    hosts={("203.0.113.37", 25): Smtp()},
)
