"""A filter in front could not verify the mailbox server, and says so at once."""

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="dane-mismatch-behind",
    title="The filter cannot verify the server behind it",
    address="anna@dane-mismatch-behind.test",
    expects="tls.policy",
    verdict=Verdict.CAUSE_FOUND,
    sends_message=True,
    zone={
        "dane-mismatch-behind.test": {"MX": ("10 mx.dane-mismatch-behind.test.",)},
        "mx.dane-mismatch-behind.test": {"A": ("198.51.100.87",)},
    },
    hosts={
        ("198.51.100.87", 25): Smtp(
            replies={
                SmtpStage.RCPT: (
                    "451 4.7.5 Server certificate not trusted: TLSA records of the next hop do not match "
                    "(DANE verification failed)"
                )
            }
        ),
    },
)
