"""The MX host has a private address (RFC 1918): nobody outside of the company's network reaches it."""

from diagnostics.domain import Verdict
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mx-private-address",
    title="The mail server's address is only valid inside their office",
    address="anna@mx-private-address.test",
    expects="mx.broken",
    verdict=Verdict.CAUSE_FOUND,
    zone={
        "mx-private-address.test": {"MX": ("10 mx.mx-private-address.test.",)},
        "mx.mx-private-address.test": {"A": ("10.0.0.25",)},
    },
)
