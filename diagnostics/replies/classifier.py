"""One SMTP reply, classified."""

from dataclasses import dataclass
from functools import lru_cache

from diagnostics.replies.reading import LONGEST, Reading, read
from diagnostics.replies.reasons import Group, Reason
from diagnostics.replies.ruleset import ruleset


@dataclass(frozen=True, slots=True)
class Reply:
    """A classified SMTP reply.

    `code` is the three-digit reply code (RFC 5321 section 4.2), `enhanced` the enhanced status code (RFC 3463),
    each None where the text has none. `rule` names the rule that decided, for the evidence page and for tuning.
    It starts with "code-" exactly where nothing of a refusal was understood but its three-digit code: neither words
    nor enhanced status code. The reason is then a guess from the code, and the server's own words should be shown.
    `temporary` says that the server, or the network on the way, may take the message later.
    """

    reason: Reason
    group: Group
    code: int | None
    enhanced: str | None
    rule: str
    temporary: bool


def classify(text: str) -> Reply:
    """The meaning of one SMTP reply, bare or as a sending server quotes it; takes any text and never raises.

    The words decide; the codes only where no words are understood, because servers use 550 and 5.7.1 for everything.
    Only the first `reading.LONGEST` characters count.
    """
    return _classify(text[:LONGEST])


@lru_cache(maxsize=2048)  # servers repeat themselves: most replies of a day are few different texts
def _classify(text: str) -> Reply:
    reading = read(text)
    rule = ruleset().first_match(reading)
    reason = rule.reason if rule else Reason.UNKNOWN
    return Reply(
        reason=reason,
        group=reason.group,
        code=reading.code,
        enhanced=reading.enhanced,
        rule=rule.name if rule else "nothing-understood",
        temporary=_is_temporary(reading, reason),
    )


def _is_temporary(reading: Reading, reason: Reason) -> bool:
    if reading.code is not None:
        return reading.code // 100 == 4
    if reading.enhanced is not None:
        return reading.enhanced.startswith("4")
    return reason.group is Group.WAIT and reason is not Reason.DELIVERY_EXPIRED
