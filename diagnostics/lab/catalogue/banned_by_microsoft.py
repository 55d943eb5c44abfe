"""Microsoft's own list bans the address we send from."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="banned-by-microsoft",
    title="The provider's own list bans our address",
    address="anna@banned-by-microsoft.test",
    expects="sender.provider-listed",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "banned-by-microsoft.test": {"MX": ("10 mx.banned-by-microsoft.test.",)},
        "mx.banned-by-microsoft.test": {"A": ("192.0.2.51",)},
    },
    hosts={
        ("192.0.2.51", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "550 5.7.606 Access denied, banned sending IP [198.51.100.250]. To request removal from this "
                    "list please visit https://sender.office.com/ and follow the directions."
                )
            },
            greeting="Microsoft ESMTP MAIL Service ready",
        )
    },
)
