"""Do the domain's name servers answer, and can what they say be trusted?"""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.domain import Finding, Gap, Unobserved, hints, proves
from diagnostics.probes.dns_trust import DnsTrust, FailedName
from diagnostics.registry import check
from diagnostics.way_out import CONTROLS, WayOut, way_out

BOGUS = frozenset({6, 7, 8, 9, 10})
"""Bogus, expired or not yet valid, no key, no signature: of these, one name server's word is enough."""
NOBODY_THERE = frozenset({22, 23})
"""RFC 8914: no reachable authority, network error."""


@check(DnsTrust, answers="domain", emits={"dns.bogus", "dns.lame"}, controls=CONTROLS)
def name_servers_answer(trust: DnsTrust, *controls: object | None) -> Iterator[Finding]:
    """SERVFAIL that goes away without checking is a broken signature (RFC 4035 section 5.5); else nobody answers.

    What one name server alone says without a reason, or while a control name fails, too, may be its own trouble. So
    may be all that ours say while nobody else can be reached either: they are cut off as we are.
    """
    if trust.control_answered is False:
        return
    if trust.failed and trust.control_answered is None and way_out(*controls) is WayOut.CUT_OFF:
        raise Unobserved(Gap.EGRESS_BLOCKED)
    for one in trust.failed[:1]:
        if one.answered_unchecked:
            yield from _bogus(one)
        else:
            yield from _lame(one, trust.control_answered is True)


def _bogus(one: FailedName) -> Iterator[Finding]:
    said_so = not BOGUS.isdisjoint(one.extended_errors)
    if said_so or one.failed_by > 1:
        yield proves("dns.bogus", domain=one.name)
    else:
        yield hints("dns.bogus", domain=one.name)


def _lame(one: FailedName, others_resolve: bool) -> Iterator[Finding]:
    if one.failed_by > 1 and others_resolve:
        yield proves("dns.lame", domain=one.name)
    elif one.failed_by > 1 or not NOBODY_THERE.isdisjoint(one.extended_errors):
        yield hints("dns.lame", domain=one.name)
