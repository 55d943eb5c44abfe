"""The MX host does not serve the domain, as after a half-finished move."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="domain-not-served",
    title="The mail server no longer knows the company's domain",
    address="anna@domain-not-served.test",
    expects="domain.not-served",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "domain-not-served.test": {"MX": ("10 mx.domain-not-served.test.",)},
        "mx.domain-not-served.test": {"A": ("198.51.100.21",)},
    },
    hosts={("198.51.100.21", 25): Smtp(replies={SmtpStage.RCPT: "554 5.7.1 <{recipient}>: Relay access denied"})},
)
