"""The server insists on encryption and hides STARTTLS from us."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="tls-version-too-old",
    title="Their server wants encryption and does not offer it",
    address="anna@tls-version-too-old.test",
    expects="tls.required",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "tls-version-too-old.test": {"MX": ("10 mx.tls-version-too-old.test.",)},
        "mx.tls-version-too-old.test": {"A": ("198.51.100.86",)},
    },
    hosts={
        ("198.51.100.86", 25): Smtp(
            replies={SmtpStage.MAIL: "550 5.7.10 Encryption needed: this host takes mail over TLS only"}
        ),
    },
)
