"""A self-signed certificate on port 25: common between mail servers, and no reason for mail to be lost (RFC 7435)."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Encryption, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="self-signed",
    title="Their server's certificate is home-made; mail arrives all the same",
    address="anna@self-signed.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "self-signed.test": {"MX": ("10 mx.self-signed.test.",)},
        "mx.self-signed.test": {"A": ("198.51.100.24",)},
    },
    hosts={("198.51.100.24", 25): Smtp(encryption=Encryption.SELF_SIGNED)},
)
