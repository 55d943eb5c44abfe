"""Healthy: an apostrophe and a tag in the local part, both allowed (RFC 5321 section 4.1.2)."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="fine-with-a-tagged-address",
    title="Everything works for a name with an apostrophe",
    address="m.o'neil+codes@fine-with-a-tagged-address.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "fine-with-a-tagged-address.test": {"MX": ("10 mx.fine-with-a-tagged-address.test.",)},
        "mx.fine-with-a-tagged-address.test": {"A": ("198.51.100.152",)},
    },
    hosts={
        ("198.51.100.152", 25): Smtp(),
    },
)
