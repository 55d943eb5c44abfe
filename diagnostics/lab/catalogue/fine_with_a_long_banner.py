"""Healthy: eight lines of banner, with words that refusals have."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

BANNER = "\n".join(
    (
        "220-{host} ESMTP ready",
        "220-We do not accept unsolicited mail. Access denied to spammers.",
        "220-Senders on zen.spamhaus.org are blocked, mailbox full or not.",
        "220-550 is what they get, 554 5.7.1 Service unavailable.",
        "220-Unbekannte Absender werden abgewiesen.",
        "220-Greylisting may be in force; try again later.",
        "220-All connections are logged.",
        "220-Good morning",
    )
)

scenario = Scenario(
    slug="fine-with-a-long-banner",
    title="Everything works, the banner is a speech",
    address="anna@fine-with-a-long-banner.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "fine-with-a-long-banner.test": {"MX": ("10 mx.fine-with-a-long-banner.test.",)},
        "mx.fine-with-a-long-banner.test": {"A": ("198.51.100.141",)},
    },
    hosts={
        ("198.51.100.141", 25): Smtp(replies={SmtpStage.BANNER: BANNER}),
    },
)
