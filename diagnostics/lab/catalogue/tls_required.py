"""The server refuses plain text, and something in between strips STARTTLS from its answer to EHLO."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Encryption, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="tls-required",
    title="Their server asks for encryption, but a firewall in front hides it",
    address="anna@tls-required.test",
    expects="tls.required",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "tls-required.test": {"MX": ("10 mx.tls-required.test.",)},
        "mx.tls-required.test": {"A": ("198.51.100.22",)},
    },
    hosts={
        ("198.51.100.22", 25): Smtp(
            replies={SmtpStage.MAIL: "530 5.7.0 Must issue a STARTTLS command first"}, encryption=Encryption.ABSENT
        )
    },
)
