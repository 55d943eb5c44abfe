"""Proofpoint in front of Microsoft 365 puts the test message into its quarantine."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Folder, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="proofpoint-before-microsoft",
    title="Held by Proofpoint in front of Microsoft 365",
    address="anna@proofpoint-before-microsoft.test",
    expects="placed.quarantine",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    customer_says="quarantine",
    zone={
        "proofpoint-before-microsoft.test": {
            "MX": ("10 mx0a-front.pphosted.com.", "10 mx0b-front.pphosted.com."),
            "TXT": (
                '"v=spf1 include:spf-front.pphosted.com " "include:spf.protection.outlook.com -all"',
                '"MS=ms10000001"',
            ),
        },
        "autodiscover.proofpoint-before-microsoft.test": {"CNAME": ("autodiscover.outlook.com.",)},
        "mx0a-front.pphosted.com": {"A": ("203.0.113.20",)},
        "mx0b-front.pphosted.com": {"A": ("203.0.113.21",)},
    },
    hosts={(address, 25): Smtp(folder=Folder.QUARANTINE) for address in ("203.0.113.20", "203.0.113.21")},
)
