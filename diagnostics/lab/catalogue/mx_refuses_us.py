"""The banner is a refusal (RFC 5321 section 3.1)."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mx-refuses-us",
    title="Their mail server hangs up on us at once",
    address="anna@mx-refuses-us.test",
    expects="mx.refuses-us",
    verdict=Verdict.LIKELY_CAUSE,
    zone={
        "mx-refuses-us.test": {"MX": ("10 mx.mx-refuses-us.test.",)},
        "mx.mx-refuses-us.test": {"A": ("198.51.100.14",)},
    },
    hosts={("198.51.100.14", 25): Smtp(replies={SmtpStage.BANNER: "554 {host} ESMTP Access denied"})},
)
