"""The customer compares: the company ID on the account page is another one."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.customer_answers import OnAccount, OnAccountAnswer

scenario = Scenario(
    slug="account-other-id",
    title="The account has another company ID",
    address="anna@account-other-id.test",
    expects="company.unknown",
    verdict=Verdict.LIKELY_CAUSE,
    reports=(OnAccountAnswer(OnAccount.OTHER_COMPANY_ID),),
    zone={
        "account-other-id.test": {"MX": ("10 mx.account-other-id.test.",)},
        "mx.account-other-id.test": {"A": ("198.51.100.51",)},
    },
    hosts={
        ("198.51.100.51", 25): Smtp(),
    },
)
