"""A mail host of the customer's own names nobody; Microsoft 365 is behind it, and the message is nowhere."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Folder, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="own-host-before-microsoft",
    title="Taken by a mail host of their own in front of Microsoft 365, then never seen",
    address="anna@own-host-before-microsoft.test",
    expects="held.admin-quarantine",
    verdict=Verdict.LIKELY_CAUSE,
    sends_message=True,
    customer_says="nowhere",
    zone={
        "own-host-before-microsoft.test": {
            "MX": ("10 mx.own-host-before-microsoft.test.",),
            "TXT": ('"v=spf1 redirect=_spf.own-host-before-microsoft.test"',),
        },
        "_spf.own-host-before-microsoft.test": {"TXT": ('"v=spf1 mx include:spf.protection.outlook.com -all"',)},
        "selector1._domainkey.own-host-before-microsoft.test": {
            "CNAME": ("selector1-own-host-before-microsoft-test._domainkey.lab.onmicrosoft.com.",)
        },
        "mx.own-host-before-microsoft.test": {"A": ("203.0.113.23",)},
    },
    hosts={("203.0.113.23", 25): Smtp(folder=Folder.NOWHERE)},
)
