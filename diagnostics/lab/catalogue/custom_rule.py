"""A transport rule of the customer's own, in the customer's own words."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="custom-rule",
    title="The administrators' own rule turns the message away",
    address="anna@custom-rule.test",
    expects="policy.custom-rule",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "custom-rule.test": {"MX": ("10 mx.custom-rule.test.",)},
        "mx.custom-rule.test": {"A": ("192.0.2.56",)},
    },
    hosts={
        ("192.0.2.56", 25): Smtp(
            replies={
                SmtpStage.CONTENT: (
                    "550 5.7.1 TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy: "
                    "numbers from outside are not welcome here"
                )
            },
            greeting="Microsoft ESMTP MAIL Service ready",
        )
    },
)
