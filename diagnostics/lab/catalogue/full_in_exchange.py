"""Exchange Online, by the name of its resolver's rule."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="full-in-exchange",
    title="The Exchange mailbox is full",
    address="anna@full-in-exchange.test",
    expects="mailbox.full",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "full-in-exchange.test": {"MX": ("10 mx.full-in-exchange.test.",)},
        "mx.full-in-exchange.test": {"A": ("198.51.100.77",)},
    },
    hosts={
        ("198.51.100.77", 25): Smtp(
            replies={
                SmtpStage.CONTENT: (
                    "554 5.2.2 mailbox full; "
                    "STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded"
                )
            },
            greeting="Microsoft ESMTP MAIL Service ready",
        ),
    },
)
