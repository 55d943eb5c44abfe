"""The account page shows another address than the one typed here."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.customer_answers import OnAccount, OnAccountAnswer

scenario = Scenario(
    slug="account-other-address",
    title="The account has another address",
    address="anna@account-other-address.test",
    expects="address.not-on-file",
    verdict=Verdict.LIKELY_CAUSE,
    reports=(OnAccountAnswer(OnAccount.OTHER_ADDRESS),),
    zone={
        "account-other-address.test": {"MX": ("10 mx.account-other-address.test.",)},
        "mx.account-other-address.test": {"A": ("198.51.100.50",)},
    },
    hosts={
        ("198.51.100.50", 25): Smtp(),
    },
)
