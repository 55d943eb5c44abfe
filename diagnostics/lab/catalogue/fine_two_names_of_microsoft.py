"""A healthy domain in the middle of Microsoft's own change of MX names."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="fine-two-names-of-microsoft",
    title="Everything works, two MX names of Microsoft 365",
    address="anna@fine-two-names-of-microsoft.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "fine-two-names-of-microsoft.test": {
            "MX": (
                "10 fine-two-names-of-microsoft-test.mail.protection.outlook.com.",
                "20 fine-two-names-of-microsoft-test.p-v1.mx.microsoft.",
            ),
        },
        "fine-two-names-of-microsoft-test.mail.protection.outlook.com": {"A": ("203.0.113.33",)},
        "fine-two-names-of-microsoft-test.p-v1.mx.microsoft": {"A": ("203.0.113.34",)},
    },
    hosts={(address, 25): Smtp() for address in ("203.0.113.33", "203.0.113.34")},
)
