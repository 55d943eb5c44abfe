"""A rule of the recipient's organisation refuses the message after its content."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="policy-refused",
    title="The company's mail rules turn the message away",
    address="anna@policy-refused.test",
    expects="policy.refused",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "policy-refused.test": {"MX": ("10 mx.policy-refused.test.",)},
        "mx.policy-refused.test": {"A": ("198.51.100.25",)},
    },
    hosts={
        ("198.51.100.25", 25): Smtp(
            replies={
                SmtpStage.CONTENT: "550 5.7.1 Message rejected due to local policy. Please contact your administrator."
            },
            greeting="ESMTP ready",
        )
    },
)
