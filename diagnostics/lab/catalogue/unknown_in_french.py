"""A French server knows nobody of that name."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="unknown-in-french",
    title="The mailbox does not exist, says a French server",
    address="anna@unknown-in-french.test",
    expects="mailbox.unknown",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "unknown-in-french.test": {"MX": ("10 mx.unknown-in-french.test.",)},
        "mx.unknown-in-french.test": {"A": ("198.51.100.71",)},
    },
    hosts={
        ("198.51.100.71", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "550 5.1.1 <{recipient}> Adresse d'au moins un destinataire invalide : utilisateur inconnu"
                )
            }
        ),
    },
)
