"""Mimecast lets the test message pass, Google Workspace behind it sorts it out."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Folder, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mimecast-before-google",
    title="Passed by Mimecast, sorted out by Google Workspace behind it",
    address="anna@mimecast-before-google.test",
    article="verification",
    expects="placed.spam",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    customer_says="spam",
    zone={
        "mimecast-before-google.test": {
            "MX": ("10 eu-smtp-inbound-front.mimecast.com.",),
            "TXT": ('"v=spf1 include:eu._netblocks.mimecast.com include:_spf.google.com ~all"',),
        },
        "google._domainkey.mimecast-before-google.test": {"TXT": ('"v=DKIM1; k=rsa; p=" "MIIBIjANBg"',)},
        "eu-smtp-inbound-front.mimecast.com": {"A": ("203.0.113.22",)},
    },
    hosts={("203.0.113.22", 25): Smtp(folder=Folder.SPAM)},
)
