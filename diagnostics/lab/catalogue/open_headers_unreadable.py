"""What the customer pasted holds no headers."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.headers import headers_of_timeclock
from diagnostics.lab.scenario import Scenario

TEXT = """\
Hello Anna,
your code is on its way.

Kind regards
"""  # noqa: E501

scenario = Scenario(
    slug="open-headers-unreadable",
    title="The customer pastes the text of the message",
    address="anna@open-headers-unreadable.test",
    verdict=Verdict.INCONCLUSIVE,
    reports=(headers_of_timeclock(TEXT),),
    zone={
        "open-headers-unreadable.test": {"MX": ("10 mx.open-headers-unreadable.test.",)},
        "mx.open-headers-unreadable.test": {"A": ("198.51.100.169",)},
    },
    hosts={
        ("198.51.100.169", 25): Smtp(),
    },
)
