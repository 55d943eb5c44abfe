"""A Postfix table says that the mailbox was closed."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="disabled-at-postfix",
    title="The mailbox was closed when somebody left",
    address="anna@disabled-at-postfix.test",
    expects="mailbox.disabled",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "disabled-at-postfix.test": {"MX": ("10 mx.disabled-at-postfix.test.",)},
        "mx.disabled-at-postfix.test": {"A": ("198.51.100.78",)},
    },
    hosts={
        ("198.51.100.78", 25): Smtp(
            replies={
                SmtpStage.RCPT: ("550 5.2.1 <{recipient}>: this account has been disabled, its owner left the company")
            }
        ),
    },
)
