"""A server that refuses MAIL before STARTTLS: nothing to a sender that encrypts."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="insists-on-encryption",
    title="Their server wants an encrypted connection, and gets one",
    address="anna@insists-on-encryption.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "insists-on-encryption.test": {"MX": ("10 mx.insists-on-encryption.test.",)},
        "mx.insists-on-encryption.test": {"A": ("198.51.100.23",)},
    },
    hosts={("198.51.100.23", 25): Smtp(insists_on_tls=True)},
)
