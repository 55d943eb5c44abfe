"""Can every sender reach the mail hosts, and is each of them alive?"""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.domain import ConnectOutcome, Finding, Gap, SmtpConversation, SmtpStage, Unobserved, hints, notes
from diagnostics.probes.mx_addresses import MxAddresses
from diagnostics.probes.mx_conversations import MxConversations
from diagnostics.probes.mx_families import MxFamilies
from diagnostics.probes.port25_control import Port25Control
from diagnostics.registry import check
from diagnostics.way_out import OUR_HOSTS, WayOut, way_out


@check(
    MxFamilies,
    may_read=(MxConversations,),
    answers="mx-answers",
    emits={"mx.ipv6-only"},
    controls=(*OUR_HOSTS, Port25Control),
)
def reachable_over_ipv4(
    families: MxFamilies, mx: MxConversations | None, *controls: object | None
) -> Iterator[Finding]:
    """Mail hosts with IPv6 addresses alone are out of reach for senders that have none."""
    if not families.ipv6_only:
        return
    reached = mx is not None and any(_talks(one) for one in mx.conversations)
    if not reached and families.sender_ipv6 is not False and way_out(*controls) is WayOut.CUT_OFF:
        raise Unobserved(Gap.EGRESS_BLOCKED)
    finding = notes if reached and families.sender_ipv6 is not False else hints
    yield finding("mx.ipv6-only", host=", ".join(families.hosts))


@check(MxConversations, MxAddresses, answers="mx-answers", emits={"mx.partly-dead"})
def every_mail_host_is_alive(mx: MxConversations, addresses: MxAddresses) -> Iterator[Finding]:
    """One dead host of several only delays mail: senders go on to the next (RFC 5321 section 5.1)."""
    if not any(_talks(one) for one in mx.conversations):
        return
    nowhere = [host.name or "." for host in addresses.hosts if not host.usable and not host.unknown]
    closed = [one.host for one in mx.conversations if one.outcome in _CLOSED]
    if dead := nowhere + closed:
        yield notes("mx.partly-dead", host=dead[0])


_CLOSED = frozenset({ConnectOutcome.REFUSED, ConnectOutcome.FILTERED})


def _talks(one: SmtpConversation) -> bool:
    return any(reply.stage is SmtpStage.EHLO and reply.code == 250 for reply in one.replies)
