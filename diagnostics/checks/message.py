"""What did their server say to the test message?

One refusal has one reason; the questions about the others make no sense then.
"""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.domain import Finding, Gap, NotApplicable, SendOutcome, Unobserved, hints, proves
from diagnostics.probes.test_message import TestCodeTyped, TestMessageReport
from diagnostics.registry import check
from diagnostics.replies import Group, Reason, classify

CAUSES: dict[Reason, str] = {
    Reason.MAILBOX_UNKNOWN: "mailbox.unknown",
    Reason.MAILBOX_FULL: "mailbox.full",
    Reason.MAILBOX_DISABLED: "mailbox.disabled",
    Reason.RECIPIENT_RESTRICTED: "recipient.restricted",
    Reason.DOMAIN_UNKNOWN: "domain.not-served",
    Reason.DOMAIN_NO_MAIL: "domain.not-served",
    Reason.RELAY_DENIED: "domain.not-served",
    Reason.IP_REPUTATION: "sender.listed",
    Reason.DOMAIN_REPUTATION: "sender.listed",
    Reason.MISSING_PTR: "sender.not-trusted",
    Reason.AUTH_FAILURE: "sender.not-trusted",
    Reason.SENDER_REJECTED: "sender.not-trusted",
    Reason.TLS_REQUIRED: "tls.required",
    Reason.CONTENT_SPAM: "content.refused",
    Reason.CONTENT_VIRUS: "content.refused",
    Reason.CONTENT_POLICY: "content.refused",
    Reason.MESSAGE_TOO_LARGE: "content.refused",
    Reason.POLICY_REJECTED: "policy.refused",
    Reason.SUPPRESSED: "policy.refused",
    Reason.GREYLISTED: "greylisted",
    Reason.RATE_LIMITED: "recipient.rate-limited",
    Reason.TEMPORARY_SYSTEM: "server.temporary",
    Reason.NETWORK_ERROR: "server.temporary",
    Reason.DELIVERY_EXPIRED: "server.temporary",
    Reason.PROTOCOL_ERROR: "refused.unclear",
    Reason.NOT_FAILURE: "refused.unclear",
    Reason.UNKNOWN: "refused.unclear",
}
"""What each reason of a reply is called in the cause tree."""

BY_CODE = "code-"
"""How the rules are named that went by the reply code alone, because nobody understood the words."""

MAILBOX = {"mailbox.unknown", "mailbox.disabled", "recipient.restricted", "domain.not-served"}
SPACE = {"mailbox.full"}
DEFERRAL = {"greylisted", "recipient.rate-limited", "server.temporary"}
REFUSAL = {
    "policy.refused",
    "tls.required",
    "sender.listed",
    "sender.not-trusted",
    "content.refused",
    "refused.unclear",
}


@check(TestMessageReport, may_read=(TestCodeTyped,), answers="mailbox", emits=MAILBOX)
def mailbox_exists(report: TestMessageReport, typed: TestCodeTyped | None) -> Iterator[Finding]:
    """Does the server know the mailbox, and is it open to us?"""
    yield from _refusal_among(MAILBOX, report, typed)


@check(TestMessageReport, may_read=(TestCodeTyped,), answers="space", emits=SPACE)
def mailbox_has_space(report: TestMessageReport, typed: TestCodeTyped | None) -> Iterator[Finding]:
    """Is there room in the mailbox?"""
    yield from _refusal_among(SPACE, report, typed)


@check(TestMessageReport, may_read=(TestCodeTyped,), answers="deferral", emits=DEFERRAL)
def taken_at_once(report: TestMessageReport, typed: TestCodeTyped | None) -> Iterator[Finding]:
    """Does the server take mail at the first try? A refusal for now may pass by itself."""
    yield from _refusal_among(DEFERRAL, report, typed)


@check(TestMessageReport, may_read=(TestCodeTyped,), answers="refusal", emits=REFUSAL)
def lets_us_in(report: TestMessageReport, typed: TestCodeTyped | None) -> Iterator[Finding]:
    """Does the server let this sender and this message in?"""
    yield from _refusal_among(REFUSAL, report, typed)


def _refusal_among(tags: set[str], report: TestMessageReport, typed: TestCodeTyped | None) -> Iterator[Finding]:
    """The refusal, where its cause is one of `tags`; a message that was taken, or has arrived, met none of them."""
    sent = report.transmission
    if sent.outcome is SendOutcome.ACCEPTED or typed is not None:
        return
    if sent.outcome is SendOutcome.RELAYED:
        raise Unobserved(Gap.RELAYED)
    if sent.outcome is SendOutcome.UNKNOWN:
        raise Unobserved(Gap.OUTCOME_UNKNOWN)
    reply = sent.decisive
    if sent.outcome is SendOutcome.UNREACHABLE or reply is None or not str(reply):
        raise Unobserved(Gap.MX_UNREACHABLE)
    classified = classify(str(reply))
    tag = CAUSES[classified.reason]
    if tag not in tags:
        raise NotApplicable(Gap.NOT_TAKEN)
    understood = classified.group is not Group.NONE and not classified.rule.startswith(BY_CODE)
    theirs = bool(sent.host)  # a relay of ours may refuse for reasons of its own
    finding = proves if understood and theirs else hints
    yield finding(tag, reply=str(reply), host=sent.host, domain=report.domain)
