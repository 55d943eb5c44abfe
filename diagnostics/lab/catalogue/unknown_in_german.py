"""A German server knows nobody of that name, in several lines."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="unknown-in-german",
    title="The mailbox does not exist, says a German server",
    address="anna@unknown-in-german.test",
    expects="mailbox.unknown",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "unknown-in-german.test": {"MX": ("10 mx.unknown-in-german.test.",)},
        "mx.unknown-in-german.test": {"A": ("198.51.100.72",)},
    },
    hosts={
        ("198.51.100.72", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "550-5.1.1 Die E-Mail-Adresse {recipient}\n"
                    "550-5.1.1 ist auf diesem Server nicht bekannt.\n"
                    "550 5.1.1 Unbekannter Empfaenger"
                )
            }
        ),
    },
)
