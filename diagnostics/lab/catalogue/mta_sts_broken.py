"""The mail moved to another host, and the enforced MTA-STS policy still names the old one (RFC 8461)."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Http, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mta-sts-broken",
    title="The rule for encryption names a mail server that is not in use any more",
    address="anna@mta-sts-broken.test",
    article="verification",
    expects="tls.policy-broken",
    verdict=Verdict.LIKELY_CAUSE,
    zone={
        "mta-sts-broken.test": {"MX": ("10 new.mta-sts-broken.test.",)},
        "new.mta-sts-broken.test": {"A": ("203.0.113.56",)},
        "_mta-sts.mta-sts-broken.test": {"TXT": ('"v=STSv1; id=20250101"',)},
        "mta-sts.mta-sts-broken.test": {"A": ("203.0.113.57",)},
    },
    hosts={
        ("203.0.113.56", 25): Smtp(),
        ("203.0.113.57", 443): Http(
            tls=True, page="version: STSv1\r\nmode: enforce\r\nmx: old.mta-sts-broken.test\r\nmax_age: 604800\r\n"
        ),
    },
)
