"""The address is on the account without an administrator profile."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import OnFile, Scenario

scenario = Scenario(
    slug="not-administrator",
    title="The address may not receive codes",
    address="anna@not-administrator.test",
    article="timeclock",
    company_id="100200",
    tier=1,
    expects="address.not-administrator",
    verdict=Verdict.CAUSE_FOUND,
    on_file=(
        OnFile("100200", "Anna@not-administrator.test", administrator=False),
        OnFile("100200", "owner@not-administrator.test"),
    ),
    zone={
        "not-administrator.test": {"MX": ("10 mx.not-administrator.test.",)},
        "mx.not-administrator.test": {"A": ("203.0.113.204",)},
    },
    hosts={("203.0.113.204", 25): Smtp()},
)
