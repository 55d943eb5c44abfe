"""The department's subdomain was removed, the company's domain still works."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="subdomain-gone",
    title="The subdomain of the address is gone",
    address="anna@office.subdomain-gone.test",
    expects="domain.gone",
    verdict=Verdict.CAUSE_FOUND,
    zone={
        "subdomain-gone.test": {"MX": ("10 mx.subdomain-gone.test.",)},
        "mx.subdomain-gone.test": {"A": ("198.51.100.70",)},
    },
    hosts={("198.51.100.70", 25): Smtp()},
)
