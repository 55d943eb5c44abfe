"""A group in Exchange Online that is closed to senders from outside."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="group-closed",
    title="The address is a group that takes no mail from outside",
    address="payroll@group-closed.test",
    expects="recipient.restricted",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "group-closed.test": {"MX": ("10 group-closed-test.mail.protection.outlook.com.",)},
        "group-closed-test.mail.protection.outlook.com": {"A": ("198.51.100.20",)},
    },
    hosts={
        ("198.51.100.20", 25): Smtp(
            replies={
                SmtpStage.CONTENT: (
                    "550 5.7.129 RESOLVER.RST.RestrictedToRecipientsPermission; not authorized. "
                    "Delivery restriction check failed because the sender was not on the list "
                    "of senders allowed to send to this recipient"
                )
            },
            greeting="Microsoft ESMTP MAIL Service ready",
        )
    },
)
