"""Does the mail server let us in?"""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.domain import (
    ConnectOutcome,
    Finding,
    Gap,
    SmtpConversation,
    SmtpStage,
    Unobserved,
    hints,
    proves,
)
from diagnostics.probes.mx_conversations import MxConversations
from diagnostics.probes.port25_control import Port25Control
from diagnostics.registry import check
from diagnostics.replies import Reason, classify

SILENT = frozenset({ConnectOutcome.FILTERED, ConnectOutcome.UNREACHABLE, ConnectOutcome.REFUSED})


@check(
    MxConversations,
    may_read=(Port25Control,),
    answers="mx-answers",
    emits={"mx.unreachable", "mx.refuses-us", "mx.broken", "sender.listed"},
)
def mail_server_talks(mx: MxConversations, control: Port25Control | None) -> Iterator[Finding]:
    """One host that greets us is enough.

    Where none does, our own way out on port 25 must be shown to work before theirs is named.
    """
    conversations = mx.conversations
    if any(_greeted(one) for one in conversations):
        return
    refusal = next((reply for one in conversations if (reply := _refusal(one))), "")
    if refusal:
        listed = classify(refusal).reason in (Reason.IP_REPUTATION, Reason.DOMAIN_REPUTATION)
        yield hints("sender.listed" if listed else "mx.refuses-us", host=conversations[0].host, reply=refusal)
        return
    if all(one.outcome is ConnectOutcome.NOT_PUBLIC for one in conversations):
        yield proves("mx.broken", host=conversations[0].host)
        return
    reached = [one for one in conversations if one.outcome is not ConnectOutcome.NOT_PUBLIC]
    if all(one.outcome in SILENT for one in reached):
        yield _closed(reached, control)
        return
    if any(one.outcome is ConnectOutcome.OPEN for one in reached):
        # Connected, but no greeting in time or the connection ended: a tarpit, an overloaded server, or a block of
        # our network.
        yield hints("mx.refuses-us", host=reached[0].host)
        return
    raise Unobserved(Gap.RESOLVER_SILENT)


def _closed(conversations: list[SmtpConversation], control: Port25Control | None) -> Finding:
    host = conversations[0].host
    if control is not None:
        if not control.works:
            raise Unobserved(Gap.EGRESS_BLOCKED)
        return proves("mx.unreachable", host=host)
    if any(one.outcome is ConnectOutcome.REFUSED for one in conversations):
        return hints("mx.unreachable", host=host)
    raise Unobserved(Gap.EGRESS_BLOCKED)


def _greeted(conversation: SmtpConversation) -> bool:
    banner = conversation.reply(SmtpStage.BANNER)
    return banner is not None and 200 <= banner.code < 300


def _refusal(conversation: SmtpConversation) -> str:
    banner = conversation.reply(SmtpStage.BANNER)
    return str(banner) if banner is not None and banner.code >= 400 else ""
