"""A proof on their side comes before our faults, which are hints and shown beside it."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="beside-our-faults",
    title="The mailbox does not exist; our side is out of order, too",
    address="anna@beside-our-faults.test",
    article="timeclock-astray",
    expects="mailbox.unknown",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "beside-our-faults.test": {"MX": ("10 mx.beside-our-faults.test.",)},
        "mx.beside-our-faults.test": {"A": ("203.0.113.191",)},
    },
    hosts={
        ("203.0.113.191", 25): Smtp(
            replies={SmtpStage.RCPT: "550 5.1.1 <{recipient}>: Recipient address rejected: User unknown"}
        )
    },
)
