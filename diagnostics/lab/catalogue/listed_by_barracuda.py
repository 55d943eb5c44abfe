"""A Barracuda appliance asks its maker's list."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="listed-by-barracuda",
    title="Barracuda's list names our address",
    address="anna@listed-by-barracuda.test",
    expects="sender.listed",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "listed-by-barracuda.test": {"MX": ("10 mx.listed-by-barracuda.test.",)},
        "mx.listed-by-barracuda.test": {"A": ("198.51.100.88",)},
    },
    hosts={
        ("198.51.100.88", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "554 5.7.1 Service unavailable; Client host [198.51.100.250] blocked using "
                    "b.barracudacentral.org; "
                    "http://www.barracudanetworks.com/reputation/?pr=1&ip=198.51.100.250"
                )
            }
        ),
    },
)
