"""The company's server takes the message and shows it to nobody; a private mailbox gets the same one."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Folder, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="only-the-second-arrives",
    title="A private mailbox gets the message, the company's does not",
    address="anna@only-the-second-arrives.test",
    expects="accepted.not-seen",
    verdict=Verdict.LIKELY_CAUSE,
    sends_message=True,
    customer_says="nowhere",
    compares_with="anna@private.only-the-second-arrives.test",
    beside=("comparison.mail-server",),
    zone={
        "only-the-second-arrives.test": {"MX": ("10 mx.only-the-second-arrives.test.",)},
        "mx.only-the-second-arrives.test": {"A": ("198.51.100.127",)},
        "private.only-the-second-arrives.test": {"MX": ("10 mx.private.only-the-second-arrives.test.",)},
        "mx.private.only-the-second-arrives.test": {"A": ("198.51.100.128",)},
    },
    hosts={("198.51.100.127", 25): Smtp(folder=Folder.NOWHERE), ("198.51.100.128", 25): Smtp()},
)
