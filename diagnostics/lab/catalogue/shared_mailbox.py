"""Several people read this mailbox; such ones are often closed to outsiders."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import Scenario
from diagnostics.probes.customer_answers import CodeArrival, CodeArrivalAnswer, MailboxKind, MailboxKindAnswer

scenario = Scenario(
    slug="shared-mailbox",
    title="The mailbox is shared",
    address="frontdesk@shared-mailbox.test",
    expects="recipient.restricted",
    verdict=Verdict.LIKELY_CAUSE,
    reports=(
        CodeArrivalAnswer(CodeArrival.NOTHING),
        MailboxKindAnswer(MailboxKind.SHARED),
    ),
    zone={
        "shared-mailbox.test": {"MX": ("10 mx.shared-mailbox.test.",)},
        "mx.shared-mailbox.test": {"A": ("198.51.100.125",)},
    },
    hosts={
        ("198.51.100.125", 25): Smtp(),
    },
)
