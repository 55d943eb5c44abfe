"""A healthy domain: the mailbox provider stands in MX after its filter, for when the filter is down."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="fine-with-a-stand-in",
    title="Everything works, the mailbox provider stands in for its filter",
    address="anna@fine-with-a-stand-in.test",
    article="verification",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "fine-with-a-stand-in.test": {
            "MX": ("10 mx01-lab.hornetsecurity.com.", "50 fine-with-a-stand-in-test.mail.protection.outlook.com."),
            "TXT": ('"v=spf1 include:spf.hornetsecurity.com include:spf.protection.outlook.com -all"',),
        },
        "mx01-lab.hornetsecurity.com": {"A": ("203.0.113.31",)},
        "fine-with-a-stand-in-test.mail.protection.outlook.com": {"A": ("203.0.113.32",)},
    },
    hosts={(address, 25): Smtp() for address in ("203.0.113.31", "203.0.113.32")},
)
