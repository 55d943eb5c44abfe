"""What became of the test messages: the hand-over, and what the customer told us. Reported, not probed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from diagnostics.domain import Gap, SendOutcome, Transmission, Unobserved, Vantage
from diagnostics.registry import reported

NOT_SEEN = ("accepted.not-seen", "held.by-filter", "held.admin-quarantine")
"""The causes for a message that was taken and is nowhere to be found: none of them is so once it was seen."""


class Whereabouts(StrEnum):
    """Where the customer found the test message."""

    INBOX = "inbox"
    SPAM = "spam"
    QUARANTINE = "quarantine"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class PutOff:
    """A try that was refused for now: what the server said, and which one."""

    reply: str
    host: str


@reported(vantage=Vantage.SENDER)
@dataclass(frozen=True, slots=True)
class TestMessageReport:
    """One hand-over of the test message to the address the case is about, the last one where there were several.

    It is handed over again only where it was put off (4yz): `earlier` are those tries, oldest first, so `attempt` is
    their number and one. `next_try_at` where this one was put off, too, and another was to follow.
    """

    __test__ = False

    domain: str
    sent_at: datetime
    transmission: Transmission
    attempt: int = 1
    first_sent_at: datetime | None = None
    next_try_at: datetime | None = None
    earlier: tuple[PutOff, ...] = ()
    code_lifetime: int = 600
    """Seconds for which the vendor's real codes are valid, as the profile said then."""

    @property
    def waited(self) -> timedelta:
        """From the first hand-over to this one: how long their server put the message off, at most."""
        return self.sent_at - (self.first_sent_at or self.sent_at)


@reported(vantage=Vantage.SENDER)
@dataclass(frozen=True, slots=True)
class ComparisonReport(TestMessageReport):
    """The hand-over of the second test message, to another mailbox of the customer's."""


@reported(vantage=Vantage.SENDER)
@dataclass(frozen=True, slots=True)
class BounceReport:
    """A message came back about the test message after it had been taken (RFC 3464), `after_seconds` later.

    `host` is the server that refused it, as far as the message tells. `reply` are that server's words, mailboxes other
    than ours shortened. `status` is the enhanced status code (RFC 3463). Not `final`: it is still being tried.
    """

    domain: str
    host: str
    reply: str
    status: str
    final: bool
    after_seconds: int
    refused_domain: str = ""
    """The domain of the mailbox that was refused, where it is another one than the message was addressed to."""


@reported(vantage=Vantage.SENDER)
@dataclass(frozen=True, slots=True)
class ComparisonBounce(BounceReport):
    """The same of the second test message."""


@reported(vantage=Vantage.CUSTOMER)
@dataclass(frozen=True, slots=True)
class TestCodeTyped:
    """The customer typed the test code back: proof of arrival, `after_seconds` since the hand-over at the latest."""

    __test__ = False

    after_seconds: int
    code_lifetime: int = 600
    """Seconds for which the vendor's real codes are valid, as the profile said then."""


@reported(vantage=Vantage.CUSTOMER)
@dataclass(frozen=True, slots=True)
class ComparisonCodeTyped(TestCodeTyped):
    """The code of the second test message was typed back."""


@reported(vantage=Vantage.CUSTOMER)
@dataclass(frozen=True, slots=True)
class MailboxAnswer:
    """Where the customer found the test message; nowhere is said after a look at every folder."""

    where: Whereabouts


@reported(vantage=Vantage.CUSTOMER)
@dataclass(frozen=True, slots=True)
class ComparisonAnswer(MailboxAnswer):
    """The same of the second test message."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The words that refused the test message in the end.

    `host` is the recipient's server that said them; empty where a relay of ours did, which may have reasons of its own.
    """

    reply: str
    host: str


def refusal(report: TestMessageReport, bounce: BounceReport | None) -> Refusal | None:
    """What kept the message out, at the hand-over or in a bounce later; None where it was taken and stayed so.

    Raises Unobserved where nobody knows.
    """
    if bounce is not None and bounce.final:
        return Refusal(bounce.reply or bounce.status, bounce.host)
    sent = report.transmission
    match sent.outcome:
        case SendOutcome.ACCEPTED:
            return None
        case SendOutcome.RELAYED:
            raise Unobserved(Gap.RELAYED)
        case SendOutcome.UNKNOWN:
            raise Unobserved(Gap.OUTCOME_UNKNOWN)
        case SendOutcome.DEFERRED | SendOutcome.REFUSED if sent.decisive is not None and str(sent.decisive):
            return Refusal(str(sent.decisive), sent.host)
        case _:
            raise Unobserved(Gap.MX_UNREACHABLE)
