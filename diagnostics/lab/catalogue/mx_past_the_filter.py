"""The mailbox provider stands in MX beside its filter, with the same preference."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mx-past-the-filter",
    title="Some e-mail goes through the filter, some past it",
    address="anna@mx-past-the-filter.test",
    article="verification",
    expects="mx.mixed",
    verdict=Verdict.LIKELY_CAUSE,
    zone={
        "mx-past-the-filter.test": {
            "MX": ("10 d1-lab.ess.barracudanetworks.com.", "10 mx-past-the-filter-test.mail.protection.outlook.com."),
        },
        "d1-lab.ess.barracudanetworks.com": {"A": ("203.0.113.26",)},
        "mx-past-the-filter-test.mail.protection.outlook.com": {"A": ("203.0.113.27",)},
    },
    hosts={(address, 25): Smtp() for address in ("203.0.113.26", "203.0.113.27")},
)
