"""The mail host has an IPv6 address alone, and the vendor sends over IPv4."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mx-ipv6-only",
    title="The mail server can be reached over IPv6 only",
    address="anna@mx-ipv6-only.test",
    expects="mx.ipv6-only",
    verdict=Verdict.LIKELY_CAUSE,
    zone={
        "mx-ipv6-only.test": {"MX": ("10 mx.mx-ipv6-only.test.",)},
        "mx.mx-ipv6-only.test": {"AAAA": ("2001:db8::52",)},
    },
    hosts={("2001:db8::52", 25): Smtp()},
)
