"""What only the customer can tell: about the code itself, the account, the mailbox. Reported, not probed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from diagnostics.domain import Vantage
from diagnostics.registry import reported


class CodeArrival(StrEnum):
    """What became of the codes that were asked for."""

    NOTHING = "nothing"
    ELSEWHERE = "elsewhere"
    """Found, but not in the inbox."""
    LATE = "late"
    WORKS = "works"
    REFUSED = "refused"
    """It came, and was not taken: wrong, used or expired."""
    UNSURE = "unsure"


class CodePlace(StrEnum):
    """Where a code e-mail was found."""

    SPAM = "spam"
    OTHER_TAB = "other_tab"
    """A tab beside the main one: Promotions, Updates, Other."""
    RULE = "rule"
    """Moved or deleted by a rule, a blocked list, a second mail program or the computer's antivirus."""
    QUARANTINE = "quarantine"
    UNSURE = "unsure"


class CodeUsed(StrEnum):
    """Which of the codes was typed in."""

    NEWEST_AT_ONCE = "newest_at_once"
    NEWEST_LATER = "newest_later"
    """More than a code's lifetime after it was asked for."""
    OLDER = "older"
    UNSURE = "unsure"


class Often(StrEnum):
    """How often a code was asked for within a quarter of an hour."""

    ONCE = "once"
    SEVERAL = "several"
    UNSURE = "unsure"


class AskedWhen(StrEnum):
    """How long ago the code was asked for."""

    TODAY = "today"
    THIS_WEEK = "this_week"
    OVER_A_WEEK = "over_a_week"
    OVER_TWO_WEEKS = "over_two_weeks"
    OVER_A_MONTH = "over_a_month"
    UNSURE = "unsure"


class OnAccount(StrEnum):
    """How the account page compares with what was typed here."""

    SAME = "same"
    OTHER_ADDRESS = "other_address"
    OTHER_COMPANY_ID = "other_company_id"
    NOT_ADMINISTRATOR = "not_administrator"
    UNSURE = "unsure"


class MailboxKind(StrEnum):
    """Whose mailbox the address leads to."""

    OWN = "own"
    SHARED = "shared"
    """A group, a distribution list or a shared mailbox."""
    FORWARDED = "forwarded"
    UNSURE = "unsure"


class ColleaguesGetIt(StrEnum):
    """Whether others of the same company get e-mail from the vendor."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


class ClockIs(StrEnum):
    """What the time on the device says that the code is for."""

    RIGHT = "right"
    WRONG = "wrong"
    UNSURE = "unsure"


@reported(vantage=Vantage.CUSTOMER)
@dataclass(frozen=True, slots=True)
class CodeArrivalAnswer:
    """Has a code come?"""

    answer: CodeArrival


@reported(vantage=Vantage.CUSTOMER)
@dataclass(frozen=True, slots=True)
class CodePlaceAnswer:
    """Where was the code e-mail found?"""

    answer: CodePlace


@reported(vantage=Vantage.CUSTOMER)
@dataclass(frozen=True, slots=True)
class CodeUsedAnswer:
    """Which code was typed in, and when?"""

    answer: CodeUsed


@reported(vantage=Vantage.CUSTOMER)
@dataclass(frozen=True, slots=True)
class OftenAnswer:
    """How often was a code asked for within a quarter of an hour?"""

    answer: Often


@reported(vantage=Vantage.CUSTOMER)
@dataclass(frozen=True, slots=True)
class AskedWhenAnswer:
    """When was the code asked for?"""

    answer: AskedWhen


@reported(vantage=Vantage.CUSTOMER)
@dataclass(frozen=True, slots=True)
class OnAccountAnswer:
    """Does the account page show this company ID and this address, as an administrator?"""

    answer: OnAccount


@reported(vantage=Vantage.CUSTOMER)
@dataclass(frozen=True, slots=True)
class MailboxKindAnswer:
    """Is the mailbox one's own, shared, or does it forward?"""

    answer: MailboxKind


@reported(vantage=Vantage.CUSTOMER)
@dataclass(frozen=True, slots=True)
class ColleaguesAnswer:
    """Do colleagues get e-mail from the vendor?"""

    answer: ColleaguesGetIt


@reported(vantage=Vantage.CUSTOMER)
@dataclass(frozen=True, slots=True)
class ClockAnswer:
    """Is the date and time of the device right?"""

    answer: ClockIs
