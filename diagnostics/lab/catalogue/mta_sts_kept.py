"""Healthy: an enforced MTA-STS policy that fits, and a DMARC record."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Http, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mta-sts-kept",
    title="Encryption is demanded, and offered",
    address="anna@mta-sts-kept.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "mta-sts-kept.test": {"MX": ("10 mx.mta-sts-kept.test.",)},
        "mx.mta-sts-kept.test": {"A": ("203.0.113.58",)},
        "_dmarc.mta-sts-kept.test": {"TXT": ('"v=DMARC1; p=reject"',)},
        "_mta-sts.mta-sts-kept.test": {"TXT": ('"v=STSv1; id=20260101"',)},
        "mta-sts.mta-sts-kept.test": {"A": ("203.0.113.59",)},
    },
    hosts={
        ("203.0.113.58", 25): Smtp(),
        ("203.0.113.59", 443): Http(
            tls=True, page="version: STSv1\nmode: enforce\nmx: *.mta-sts-kept.test\nmax_age: 604800\n"
        ),
    },
)
