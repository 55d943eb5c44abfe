"""Healthy: a wildcard record answers for every name below the domain, with nonsense for most."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

WILD = {"A": ("198.51.100.146",), "TXT": ('"v=spf1 mx -all"',)}
NAMES = ("autodiscover", "lyncdiscover", "_dmarc", "_mta-sts", "mta-sts", "_25._tcp.mx", "selector1._domainkey", "mx")

scenario = Scenario(
    slug="fine-wildcard",
    title="Everything works, every name below the domain exists",
    address="anna@fine-wildcard.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "fine-wildcard.test": {"MX": ("10 mx.fine-wildcard.test.",), **WILD},
        **{f"{name}.fine-wildcard.test": WILD for name in NAMES},
    },
    hosts={("198.51.100.146", 25): Smtp()},
)
