"""A healthy domain: the filter in front lets the test message through to Microsoft 365."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="fine-behind-a-filter",
    title="Everything works, Proofpoint Essentials filters for Microsoft 365",
    address="anna@fine-behind-a-filter.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "fine-behind-a-filter.test": {
            "MX": ("10 mx1-lab.eu1.ppe-hosted.com.", "20 mx2-lab.eu1.ppe-hosted.com."),
            "TXT": ('"v=spf1 a:dispatch-eu.ppe-hosted.com include:spf.protection.outlook.com -all"',),
        },
        "_autodiscover._tcp.fine-behind-a-filter.test": {"SRV": ("0 0 443 autodiscover.outlook.com.",)},
        "mx1-lab.eu1.ppe-hosted.com": {"A": ("203.0.113.29",)},
        "mx2-lab.eu1.ppe-hosted.com": {"A": ("203.0.113.30",)},
    },
    hosts={(address, 25): Smtp() for address in ("203.0.113.29", "203.0.113.30")},
)
