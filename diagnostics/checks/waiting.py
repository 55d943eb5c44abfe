"""Does their server make us wait? A refusal for now may pass by itself, but a code does not live long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from diagnostics.domain import Finding, Gap, NotApplicable, SendOutcome, hints, notes, proves
from diagnostics.probes.test_message import (
    BounceReport,
    MailboxAnswer,
    PutOff,
    TestCodeTyped,
    TestMessageReport,
    Whereabouts,
    refusal,
)
from diagnostics.registry import check
from diagnostics.replies.causes import DEFERRAL, Named, cause_of


@check(TestMessageReport, may_read=(TestCodeTyped, MailboxAnswer, BounceReport), answers="deferral", emits=DEFERRAL)
def taken_at_once(
    report: TestMessageReport, typed: TestCodeTyped | None, answer: MailboxAnswer | None, bounce: BounceReport | None
) -> Iterator[Finding]:
    """Does the server take mail at the first try, and if not, when?"""
    if report.earlier:
        yield _put_off(report, typed, answer, bounce)
        return
    if typed is not None:
        return
    if bounce is not None and not bounce.final:
        yield _still_tried(bounce, report.domain)
        return
    refused = refusal(report, bounce)
    if refused is None:
        return
    named = cause_of(refused.reply, domain=report.domain, host=refused.host)
    if named.tag not in DEFERRAL:
        raise NotApplicable(Gap.NOT_TAKEN)
    finding = proves if named.understood and refused.host else hints
    yield finding(named.tag, reply=refused.reply, host=refused.host, domain=report.domain, **named.facts)


def _put_off(
    report: TestMessageReport, typed: TestCodeTyped | None, answer: MailboxAnswer | None, bounce: BounceReport | None
) -> Finding:
    """The message was put off, and tried again."""
    told, named = _most_telling(report)
    tag = named.tag if named.tag in DEFERRAL and named.understood else "greylisted"
    return _finding(report, named, tag, taken=_taken(report, typed), answer=answer, bounce=bounce)(
        tag, reply=told.reply, host=told.host, domain=report.domain, **_times(report)
    )


def _finding(
    report: TestMessageReport,
    named: Named,
    tag: str,
    *,
    taken: bool,
    answer: MailboxAnswer | None,
    bounce: BounceReport | None,
) -> Callable[..., Finding]:
    """How much it says. Put off and then taken is what greylisting looks like (RFC 6647), if the words say nothing
    else; trouble that passed within a code's life may never come again.
    """
    if _refused_otherwise(report, bounce):
        return hints
    too_late = report.waited.total_seconds() > report.code_lifetime
    if taken and tag != "greylisted":
        return hints if too_late else notes
    found_elsewhere = answer is not None and answer.where in (Whereabouts.SPAM, Whereabouts.QUARANTINE)
    if not named.understood or not report.earlier[0].host or (found_elsewhere and not too_late):
        return hints
    return proves


def _still_tried(bounce: BounceReport, domain: str) -> Finding:
    """A server on the way says that it could not pass the message on yet."""
    named = cause_of(bounce.reply, domain=domain, host=bounce.host)
    tag = named.tag if named.tag in DEFERRAL else "server.temporary"
    return hints(tag, reply=bounce.reply or bounce.status, host=bounce.host, domain=domain)


def _most_telling(report: TestMessageReport) -> tuple[PutOff, Named]:
    """Of all refusals for now the first that was understood, else the first."""
    tries = [*report.earlier]
    sent = report.transmission
    if sent.outcome is SendOutcome.DEFERRED and sent.decisive is not None:
        tries.append(PutOff(str(sent.decisive), sent.host))
    named = [(one, cause_of(one.reply, domain=report.domain, host=one.host)) for one in tries]
    return next((pair for pair in named if pair[1].understood and pair[1].tag in DEFERRAL), named[0])


def _taken(report: TestMessageReport, typed: TestCodeTyped | None) -> bool:
    return typed is not None or report.transmission.outcome in (SendOutcome.ACCEPTED, SendOutcome.RELAYED)


def _refused_otherwise(report: TestMessageReport, bounce: BounceReport | None) -> bool:
    """In the end something else than waiting kept the message out."""
    returned = bounce is not None and bounce.final
    if not returned and report.transmission.outcome is not SendOutcome.REFUSED:
        return False
    refused = refusal(report, bounce)
    return refused is not None and cause_of(refused.reply, domain=report.domain).tag not in DEFERRAL


def _times(report: TestMessageReport) -> dict[str, str]:
    """`minutes` waited, rounded up; `expires_after` where a code would not have lived that long."""
    lifetime = report.code_lifetime // 60
    facts = {"tries": str(report.attempt), "minutes": str(_minutes(report.waited)), "lifetime": str(lifetime)}
    if report.waited.total_seconds() > report.code_lifetime:
        facts["expires_after"] = str(lifetime)
    return facts


def _minutes(waited: timedelta) -> int:
    return max(1, -(-waited // timedelta(minutes=1)))
