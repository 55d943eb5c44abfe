"""A list for links in messages names ours."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="link-on-a-list",
    title="A link in our message is on a list",
    address="anna@link-on-a-list.test",
    expects="sender.domain-listed",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "link-on-a-list.test": {"MX": ("10 mx.link-on-a-list.test.",)},
        "mx.link-on-a-list.test": {"A": ("198.51.100.91",)},
    },
    hosts={
        ("198.51.100.91", 25): Smtp(
            replies={SmtpStage.CONTENT: "554 5.7.1 Message contains a URL listed by multi.surbl.org: timeclock.test"}
        ),
    },
)
