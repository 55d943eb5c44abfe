"""By the account page this person is no administrator; codes go to administrators."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.customer_answers import OnAccount, OnAccountAnswer

scenario = Scenario(
    slug="account-no-administrator",
    title="The person is no administrator",
    address="anna@account-no-administrator.test",
    expects="address.not-administrator",
    verdict=Verdict.LIKELY_CAUSE,
    reports=(OnAccountAnswer(OnAccount.NOT_ADMINISTRATOR),),
    zone={
        "account-no-administrator.test": {"MX": ("10 mx.account-no-administrator.test.",)},
        "mx.account-no-administrator.test": {"A": ("198.51.100.52",)},
    },
    hosts={
        ("198.51.100.52", 25): Smtp(),
    },
)
