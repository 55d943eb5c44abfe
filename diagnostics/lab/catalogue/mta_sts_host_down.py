"""Healthy: the policy host is down, so senders deliver as without a policy (RFC 8461 section 3.3)."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Closed, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mta-sts-host-down",
    title="Encryption is demanded by a policy that nobody can fetch",
    address="anna@mta-sts-host-down.test",
    verdict=Verdict.NOTHING_FOUND,
    zone={
        "mta-sts-host-down.test": {"MX": ("10 mx.mta-sts-host-down.test.",)},
        "mx.mta-sts-host-down.test": {"A": ("203.0.113.60",)},
        "_mta-sts.mta-sts-host-down.test": {"TXT": ('"v=STSv1; id=20260101"',)},
        "mta-sts.mta-sts-host-down.test": {"A": ("203.0.113.61",)},
    },
    hosts={("203.0.113.60", 25): Smtp(), ("203.0.113.61", 443): Closed()},
)
