"""Google finds neither SPF nor DKIM in order for our domain."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="not-authenticated",
    title="The provider cannot verify our domain",
    address="anna@not-authenticated.test",
    expects="sender.not-authenticated",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "not-authenticated.test": {"MX": ("10 mx.not-authenticated.test.",)},
        "mx.not-authenticated.test": {"A": ("192.0.2.54",)},
    },
    hosts={
        ("192.0.2.54", 25): Smtp(
            replies={
                SmtpStage.CONTENT: (
                    "550-5.7.26 Your email has been blocked because the sender is unauthenticated.\n"
                    "550-5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM.\n"
                    "550 5.7.26 https://support.google.com/mail/answer/81126 - gsmtp"
                )
            },
            greeting="ESMTP - gsmtp",
        )
    },
)
