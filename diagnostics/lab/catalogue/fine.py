"""A healthy domain with a spare mail server: the test message is found in the inbox.

Its TXT records fill more than one UDP answer.
"""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="fine",
    title="Everything works",
    address="anna@fine.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "fine.test": {
            "MX": ("10 mx1.fine.test.", "20 mx2.fine.test."),
            "TXT": ('"v=spf1 mx -all"', *(f'"site-verification={number:060}"' for number in range(20))),
        },
        "mx1.fine.test": {"A": ("198.51.100.1",), "AAAA": ("2001:db8::1",)},
        "mx2.fine.test": {"A": ("203.0.113.1",)},
    },
    hosts={(address, 25): Smtp() for address in ("198.51.100.1", "2001:db8::1", "203.0.113.1")},
)
