"""Gmail asks for a name of the address we send from."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="no-name-for-our-address",
    title="Our address has no name",
    address="anna@no-name-for-our-address.test",
    expects="sender.not-trusted",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "no-name-for-our-address.test": {"MX": ("10 mx.no-name-for-our-address.test.",)},
        "mx.no-name-for-our-address.test": {"A": ("198.51.100.94",)},
    },
    hosts={
        ("198.51.100.94", 25): Smtp(
            replies={
                SmtpStage.CONTENT: (
                    "550-5.7.25 The IP address sending this message does not have a PTR record, or\n"
                    "550 5.7.25 its forward name does not lead back to it. {queue_id} - gsmtp"
                )
            },
            greeting="mx.google.com ESMTP gsmtp",
        ),
    },
)
