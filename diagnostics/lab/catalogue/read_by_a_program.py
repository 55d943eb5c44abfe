"""The MX belongs to a service that hands mail to software."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Folder, Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="read-by-a-program",
    title="A program reads this address, no person does",
    address="anna@read-by-a-program.test",
    expects="mailbox.program",
    verdict=Verdict.LIKELY_CAUSE,
    zone={
        "read-by-a-program.test": {"MX": ("10 lab.inbound.postmarkapp.com.",)},
        "lab.inbound.postmarkapp.com": {"A": ("198.51.100.37",)},
    },
    hosts={("198.51.100.37", 25): Smtp(folder=Folder.NOWHERE)},
)
