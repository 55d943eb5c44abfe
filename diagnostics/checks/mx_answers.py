"""Does the mail server let us in?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
from diagnostics.probes.mx_addresses import MxAddresses
from diagnostics.probes.mx_conversations import MxConversations
from diagnostics.probes.port25_control import Port25Control
from diagnostics.registry import check
from diagnostics.replies import Group, Reason, classify
from diagnostics.way_out import OUR_HOSTS, WayOut, way_out

CLOSED = frozenset({ConnectOutcome.FILTERED, ConnectOutcome.REFUSED})
LISTED = frozenset({Reason.IP_REPUTATION, Reason.DOMAIN_REPUTATION})
NO_REPLY = "no reply in time"
"""The `detail` of a conversation that ended because its time was up."""
CONNECTION_RESET = "connection reset"
"""The `detail` where the connection was broken as soon as it stood."""


@check(
    MxConversations,
    MxAddresses,
    may_read=(Port25Control,),
    answers="mx-answers",
    emits={"mx.unreachable", "mx.refuses-us", "mx.broken", "sender.listed", "server.temporary"},
    controls=OUR_HOSTS,
)
def mail_server_talks(
    mx: MxConversations, addresses: MxAddresses, control: Port25Control | None, *controls: object | None
) -> Iterator[Finding]:
    """One host that talks to us is enough.

    Where none does, every host must have been tried and our own way out on port 25 must be shown to work before
    theirs is named for certain.
    """
    if any(_talks(one) for one in mx.conversations):
        return
    refusals = [(one.host, text) for one in mx.conversations if (text := _refusal(one))]
    reached = [one for one in mx.conversations if one.outcome is not ConnectOutcome.NOT_PUBLIC]
    if refusals:
        yield _refused(*refusals[0])
    elif not mx.conversations or not addresses.all_known:
        raise Unobserved(Gap.NOT_ALL_TRIED)
    elif not reached:
        yield proves("mx.broken", host=mx.conversations[0].host)
    elif any(_hung_up(one) for one in reached):
        yield hints("mx.refuses-us", host=reached[0].host)
    elif all(one.outcome in CLOSED for one in reached):
        yield _closed(reached, control, controls)
    elif any(one.outcome is ConnectOutcome.OPEN for one in reached):
        raise Unobserved(Gap.TIMED_OUT)  # a tarpit or an overloaded server: real mail servers wait for minutes
    else:
        raise Unobserved(Gap.EGRESS_BLOCKED)  # no way there from here, as to an IPv6 host without IPv6 of our own


def _refused(host: str, text: str) -> Finding:
    """A hint only: they refused this server, and real codes may come from another."""
    classified = classify(text)
    if classified.reason in LISTED:
        return hints("sender.listed", host=host, reply=text)
    if classified.group is Group.WAIT:
        return hints("server.temporary", host=host, reply=text)
    return hints("mx.refuses-us", host=host, reply=text)


def _closed(
    conversations: Sequence[SmtpConversation], control: Port25Control | None, controls: Sequence[object | None]
) -> Finding:
    host = conversations[0].host
    if control is not None:
        if not control.works:
            raise Unobserved(Gap.EGRESS_BLOCKED)
        return proves("mx.unreachable", host=host)
    refused = any(one.outcome is ConnectOutcome.REFUSED for one in conversations)
    if refused and way_out(*controls) is not WayOut.CUT_OFF:
        return hints("mx.unreachable", host=host)
    raise Unobserved(Gap.EGRESS_BLOCKED)


def _hung_up(conversation: SmtpConversation) -> bool:
    """It took the connection, then broke it."""
    opened = conversation.outcome is ConnectOutcome.OPEN and conversation.detail != NO_REPLY
    return opened or (conversation.outcome is ConnectOutcome.REFUSED and conversation.detail == CONNECTION_RESET)


def _talks(conversation: SmtpConversation) -> bool:
    """The host said who it is and what it can do: it answered EHLO or HELO with 250 (RFC 5321 section 4.1.1.1)."""
    return any(reply.stage is SmtpStage.EHLO and reply.code == 250 for reply in conversation.replies)


def _refusal(conversation: SmtpConversation) -> str:
    stages = (SmtpStage.BANNER, SmtpStage.EHLO)
    return next((str(reply) for reply in conversation.replies if reply.stage in stages and reply.code >= 400), "")
