"""A content rule of a Google Workspace domain, with a notice in German."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="custom-rule-google",
    title="A German notice of the company's own Google rule",
    address="anna@custom-rule-google.test",
    expects="policy.custom-rule",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "custom-rule-google.test": {"MX": ("10 mx.custom-rule-google.test.",)},
        "mx.custom-rule-google.test": {"A": ("192.0.2.57",)},
    },
    hosts={
        ("192.0.2.57", 25): Smtp(
            replies={
                SmtpStage.CONTENT: (
                    "550 5.7.1 Externe Nachrichten mit Codes werden hier nicht angenommen. 4fb4d7f45d1cf-5a gcdp "
                    "- gsmtp"
                )
            },
            greeting="ESMTP - gsmtp",
        )
    },
)
