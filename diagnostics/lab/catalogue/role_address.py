"""Healthy: a role address that reaches somebody."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="role-address",
    title="The address belongs to the payroll office, and mail arrives there",
    address="payroll@role-address.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "role-address.test": {"MX": ("10 mx.role-address.test.",)},
        "mx.role-address.test": {"A": ("203.0.113.64",)},
    },
    hosts={("203.0.113.64", 25): Smtp()},
)
