"""What became of the test messages: the hand-over, and what the customer told us. Reported, not probed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from diagnostics.domain import Transmission, Vantage
from diagnostics.registry import reported


class Whereabouts(StrEnum):
    """Where the customer found the test message."""

    INBOX = "inbox"
    SPAM = "spam"
    QUARANTINE = "quarantine"
    NOWHERE = "nowhere"


@reported(vantage=Vantage.SENDER)
@dataclass(frozen=True, slots=True)
class TestMessageReport:
    """The hand-over of the test message to the address the case is about."""

    __test__ = False

    domain: str
    sent_at: datetime
    transmission: Transmission


@reported(vantage=Vantage.SENDER)
@dataclass(frozen=True, slots=True)
class ComparisonReport(TestMessageReport):
    """The hand-over of the second test message, to another mailbox of the customer's."""


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
