"""An enforced MTA-STS policy names the server, and the server offers no encryption (RFC 8461)."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Encryption, Http, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="encryption-promised",
    title="Encryption is demanded, and the server has none",
    address="anna@encryption-promised.test",
    expects="tls.policy-broken",
    verdict=Verdict.LIKELY_CAUSE,
    zone={
        "encryption-promised.test": {"MX": ("10 mx.encryption-promised.test.",)},
        "mx.encryption-promised.test": {"A": ("198.51.100.67",)},
        "_mta-sts.encryption-promised.test": {"TXT": ('"v=STSv1; id=20260102"',)},
        "mta-sts.encryption-promised.test": {"A": ("198.51.100.68",)},
    },
    hosts={
        ("198.51.100.67", 25): Smtp(encryption=Encryption.ABSENT),
        ("198.51.100.68", 443): Http(
            tls=True, page="version: STSv1\nmode: enforce\nmx: mx.encryption-promised.test\nmax_age: 86400\n"
        ),
    },
)
