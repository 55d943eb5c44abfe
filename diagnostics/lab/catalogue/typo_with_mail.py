"""Somebody has mailboxes at the misspelt domain, so nobody can be sure."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="typo-with-mail",
    title="A slip of the finger leads to somebody else's mail server",
    address="anna@yaho.com",
    article="timeclock",
    expects="address.typo",
    verdict=Verdict.LIKELY_CAUSE,
    zone={
        "yaho.com": {"MX": ("10 mx.typo-with-mail.test.",)},
        "mx.typo-with-mail.test": {"A": ("198.51.100.59",)},
    },
    hosts={
        ("198.51.100.59", 25): Smtp(),
    },
)
