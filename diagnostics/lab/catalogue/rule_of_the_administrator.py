"""The administrators have put our domain on their own list."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="rule-of-the-administrator",
    title="The administrators block our domain",
    address="anna@rule-of-the-administrator.test",
    expects="policy.custom-rule",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "rule-of-the-administrator.test": {"MX": ("10 mx.rule-of-the-administrator.test.",)},
        "mx.rule-of-the-administrator.test": {"A": ("198.51.100.85",)},
    },
    hosts={
        ("198.51.100.85", 25): Smtp(
            replies={SmtpStage.MAIL: "550 5.7.1 <codes@timeclock.test>: sender blocked by administrator of {host}"}
        ),
    },
)
