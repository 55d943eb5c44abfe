"""What did their server say to the test message, at once or in a bounce later?

One refusal has one reason; the questions about the others make no sense then.
"""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.domain import Finding, Gap, NotApplicable, hints, notes, proves
from diagnostics.probes.test_message import BounceReport, TestCodeTyped, TestMessageReport, refusal
from diagnostics.registry import check
from diagnostics.replies.causes import MAILBOX, REFUSAL, SPACE, cause_of


@check(TestMessageReport, may_read=(TestCodeTyped, BounceReport), answers="mailbox", emits=MAILBOX)
def mailbox_exists(
    report: TestMessageReport, typed: TestCodeTyped | None, bounce: BounceReport | None
) -> Iterator[Finding]:
    """Does the server know the mailbox, and is it open to us?"""
    yield from _refusal_among(MAILBOX, report, typed, bounce)


@check(TestMessageReport, may_read=(TestCodeTyped, BounceReport), answers="space", emits=SPACE)
def mailbox_has_space(
    report: TestMessageReport, typed: TestCodeTyped | None, bounce: BounceReport | None
) -> Iterator[Finding]:
    """Is there room in the mailbox?"""
    yield from _refusal_among(SPACE, report, typed, bounce)


@check(TestMessageReport, may_read=(TestCodeTyped, BounceReport), answers="refusal", emits=REFUSAL)
def lets_us_in(
    report: TestMessageReport, typed: TestCodeTyped | None, bounce: BounceReport | None
) -> Iterator[Finding]:
    """Does the server let this sender and this message in?"""
    yield from _refusal_among(REFUSAL, report, typed, bounce)


def _refusal_among(
    tags: set[str], report: TestMessageReport, typed: TestCodeTyped | None, bounce: BounceReport | None
) -> Iterator[Finding]:
    """The refusal, where its cause is one of `tags`; a message that was taken, or has arrived, met none of them.

    A message may arrive and come back, too, from where it was passed on to: worth a note.
    """
    returned = bounce is not None and bounce.final
    if typed is not None and not returned:
        return
    refused = refusal(report, bounce)
    if refused is None:
        return
    named = cause_of(refused.reply, domain=report.domain, host=refused.host)
    tag, facts = named.tag, dict(named.facts)
    if bounce is not None and returned and bounce.refused_domain and tag in MAILBOX | SPACE:
        tag, facts = "forward.broken", {"forwarded_to": bounce.refused_domain}
    if tag not in tags:
        raise NotApplicable(Gap.NOT_TAKEN)
    finding = notes if typed is not None else proves if named.understood and refused.host else hints
    yield finding(tag, reply=refused.reply, host=refused.host, domain=report.domain, **facts)
