"""Healthy: the MX names an alias, which the rules forbid and nearly every sender follows."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="mx-alias",
    title="The mail record names an alias, mail arrives all the same",
    address="anna@mx-alias.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    zone={
        "mx-alias.test": {"MX": ("10 mail.mx-alias.test.",)},
        "mail.mx-alias.test": {"CNAME": ("host.mx-alias.test.",)},
        "host.mx-alias.test": {"A": ("203.0.113.55",)},
    },
    hosts={("203.0.113.55", 25): Smtp()},
)
