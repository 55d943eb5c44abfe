"""A Spanish server has no room left for this user."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="full-in-spanish",
    title="The mailbox is full, says a Spanish server",
    address="anna@full-in-spanish.test",
    expects="mailbox.full",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "full-in-spanish.test": {"MX": ("10 mx.full-in-spanish.test.",)},
        "mx.full-in-spanish.test": {"A": ("198.51.100.76",)},
    },
    hosts={
        ("198.51.100.76", 25): Smtp(
            replies={SmtpStage.RCPT: "552 5.2.2 El buzon del destinatario {recipient} esta lleno (cuota excedida)"}
        ),
    },
)
