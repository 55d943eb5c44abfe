"""Mimecast's greylisting of senders that it does not know."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="grey-at-mimecast",
    title="Mimecast puts strangers off",
    address="anna@grey-at-mimecast.test",
    expects="greylisted",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "grey-at-mimecast.test": {"MX": ("10 eu-smtp-inbound-lab2.mimecast.com.",)},
        "eu-smtp-inbound-lab2.mimecast.com": {"A": ("198.51.100.103",)},
    },
    hosts={
        ("198.51.100.103", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "451 Internal resource temporarily unavailable - https://community.mimecast.com/docs/DOC-1369#451"
                )
            }
        ),
    },
)
