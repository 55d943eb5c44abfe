"""Healthy, on file in other capital letters, beside a colleague with a similar address."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import OnFile, Scenario

scenario = Scenario(
    slug="fine-on-file",
    title="An administrator on file, and everything works",
    address="anna@fine-on-file.test",
    article="timeclock",
    company_id=" ACME-7b ",
    tier=1,
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    on_file=(OnFile("acme-7B", "Anna+codes@fine-on-file.test"), OnFile("acme-7B", "anne@fine-on-file.test")),
    zone={
        "fine-on-file.test": {"MX": ("10 mx.fine-on-file.test.",)},
        "mx.fine-on-file.test": {"A": ("203.0.113.205",)},
    },
    hosts={("203.0.113.205", 25): Smtp()},
)
