"""After a move to Microsoft 365 the old provider is still in MX, and takes mail."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Folder, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mx-of-two-systems",
    title="The mail records name the old provider beside the new one",
    address="anna@mx-of-two-systems.test",
    expects="mx.mixed",
    verdict=Verdict.LIKELY_CAUSE,
    sends_message=True,
    customer_says="nowhere",
    zone={
        "mx-of-two-systems.test": {
            "MX": ("0 mx-of-two-systems-test.mail.protection.outlook.com.", "10 mx00-lab.ionos.de."),
            "TXT": ('"v=spf1 include:spf.protection.outlook.com -all"',),
        },
        "mx-of-two-systems-test.mail.protection.outlook.com": {"A": ("203.0.113.24",)},
        "mx00-lab.ionos.de": {"A": ("203.0.113.25",)},
    },
    hosts={(address, 25): Smtp(folder=Folder.NOWHERE) for address in ("203.0.113.24", "203.0.113.25")},
)
