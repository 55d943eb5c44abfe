"""What do the headers of a message that arrived say about its way?

Nothing is concluded from mail that is not ours. Where nobody can tell whose it is, what would be proof is a hint.
"""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.domain import Finding, Gap, NotAsked, Unobserved, hints, notes, proves, rules_out
from diagnostics.headers import AuthResult, Filed, Headers, Source, SpamSystem, SpamVerdict, SpamWord
from diagnostics.headers.hosts import provider_of, under
from diagnostics.probes.pasted_headers import PastedHeaders, Side
from diagnostics.probes.test_message import NOT_SEEN
from diagnostics.providers import provider
from diagnostics.registry import check

FAILED = {
    "spf": {"fail", "softfail", "none", "neutral", "permerror", "hardfail"},
    "dkim": {"fail", "none", "neutral", "permerror", "policy"},
    "dmarc": {"fail"},
}
"""Results that say no. `temperror` says nothing: DNS did not answer."""
PASSED = {"pass", "bestguesspass"}
AT_THE_MAILBOX = {
    SpamSystem.MICROSOFT,
    SpamSystem.GOOGLE,
    SpamSystem.APPLE,
    SpamSystem.YAHOO,
    SpamSystem.GMX,
    SpamSystem.RSPAMD,
    SpamSystem.SPAMASSASSIN,
}
"""Filters whose verdict the mailbox acts on; that of a gateway in front is one opinion more."""
GREYLISTED = range(60, 3601)
"""Seconds that a server makes new senders wait, as a rule."""
WHOLE_HOURS = 1800
"""Seconds; a difference of whole half hours between two clocks is a time zone, not a wait."""
CLOCKS_DIFFER = 5


@check(PastedHeaders, answers="headers", emits={"headers.not-ours"})
def about_our_mail(pasted: PastedHeaders) -> Iterator[Finding]:
    """Is it a message of ours at all?"""
    if not pasted.headers.usable:
        raise Unobserved(Gap.NEEDS_MISSING)
    if pasted.ours is False:
        yield notes("headers.not-ours", sender=pasted.headers.from_domain)


@check(
    PastedHeaders,
    answers="headers",
    emits={"code.expired-on-arrival", "our.queue-late", "filter.delays", "greylisted"},
)
def on_time(pasted: PastedHeaders) -> Iterator[Finding]:
    """How long was it under way, and where did it wait?"""
    _must_be_ours(pasted)
    headers = pasted.headers
    if headers.transit_seconds is None and headers.queued_seconds is None:
        raise Unobserved(Gap.NEEDS_MISSING)
    if headers.transit_seconds is not None and headers.transit_seconds > pasted.code_lifetime:
        yield _finding(pasted, "code.expired-on-arrival", sure=True, minutes=_minutes(headers.transit_seconds))
    elif _whole_way(headers) > pasted.code_lifetime:
        yield _finding(pasted, "code.expired-on-arrival", sure=False, minutes=_minutes(_whole_way(headers)))
    yield from _before_it_left(pasted)
    yield from _at_the_door(pasted)
    yield from _inside_their_system(pasted)


@check(PastedHeaders, answers="headers", emits={"sender.not-authenticated", "forward.dmarc"})
def authenticated(pasted: PastedHeaders) -> Iterator[Finding]:
    """Did the receiver find that the message is really ours?

    A filter in front and a forward break SPF and often the signature. So only the word of the server that we handed the
    message to counts against us, and only while nobody else on the way saw it pass.
    """
    _must_be_ours(pasted)
    results = pasted.headers.authentication
    if not results:
        raise NotAsked
    if any(one.method != "arc" and one.result in PASSED and one.method in ("dkim", "dmarc") for one in results):
        if pasted.headers.forwarding and _says_no(_latest(results), "dmarc"):
            yield hints("forward.dmarc", host=_server_of(pasted))
        return
    said = _latest(results)
    if not _says_no(said, "dmarc"):
        return
    if pasted.headers.forwarding or not _first_receiver_said_so(pasted, said):
        yield hints("forward.dmarc", host=_server_of(pasted))
    elif _says_no(said, "spf") and _says_no(said, "dkim"):
        sure = pasted.sent_from_our_address  # else somebody may have posed as us
        yield _finding(pasted, "sender.not-authenticated", sure=sure, host=_server_of(pasted))


@check(PastedHeaders, answers="headers", emits={"placed.spam", *NOT_SEEN})
def filed(pasted: PastedHeaders) -> Iterator[Finding]:
    """Did a filter take it for spam?"""
    _must_be_ours(pasted)
    verdicts = pasted.headers.spam
    spam = [one for one in verdicts if one.word is SpamWord.SPAM and one.filed is not Filed.INBOX]
    if spam:
        junk = next((one for one in spam if one.filed is Filed.JUNK), spam[0])
        others = [one for one in verdicts if one.system is not junk.system]
        doubted = junk.filed is not Filed.JUNK and any(one.word is SpamWord.CLEAN for one in others)
        sure = not doubted and (junk.filed is Filed.JUNK or junk.system in AT_THE_MAILBOX)
        yield _finding(pasted, "placed.spam", sure=sure, why=_why(junk))
    elif pasted.ours and pasted.headers.hops:
        yield from map(rules_out, NOT_SEEN)
    else:
        raise NotAsked


def _must_be_ours(pasted: PastedHeaders) -> None:
    """What is not ours, or holds nothing, has been said by `about_our_mail`; here there is nothing to ask then."""
    if pasted.ours is False or not pasted.headers.usable:
        raise NotAsked


def _finding(pasted: PastedHeaders, tag: str, *, sure: bool, **facts: str) -> Finding:
    return (proves if sure and pasted.ours else hints)(tag, **facts)


def _before_it_left(pasted: PastedHeaders) -> Iterator[Finding]:
    handover, headers = pasted.handover, pasted.headers
    if handover is None or pasted.ours is None:
        return
    between_ours = sum(hop.delay or 0 for hop in headers.hops[:handover])
    if between_ours > pasted.expected_wait:
        yield proves("our.queue-late", minutes=_minutes(between_ours))
        return
    queued = headers.queued_seconds or 0
    if handover and queued > pasted.expected_wait and not _clocks_may_differ(queued):
        yield proves("our.queue-late", minutes=_minutes(queued))


def _at_the_door(pasted: PastedHeaders) -> Iterator[Finding]:
    """Between our last stamp and their first: they made us come again, or we were slow to come."""
    handover, headers = pasted.handover, pasted.headers
    if handover is None:
        return
    waited = headers.hops[handover].delay if handover else headers.queued_seconds
    if waited is None or waited <= pasted.expected_wait or _clocks_may_differ(waited):
        return
    if waited in GREYLISTED:
        yield hints("greylisted", host=headers.hops[handover].by_host)
    if pasted.ours and (waited not in GREYLISTED or not handover):
        yield hints("our.queue-late", minutes=_minutes(waited))


def _inside_their_system(pasted: PastedHeaders) -> Iterator[Finding]:
    """A wait after the hand-over that is more than half of the whole: the host that had the message then."""
    headers, slowest = pasted.headers, pasted.headers.slowest
    if slowest is None or not slowest or headers.transit_seconds is None:
        return
    delay = headers.hops[slowest].delay or 0
    side = pasted.holder(slowest)
    if side in (Side.OURS, Side.UNKNOWN) or delay <= pasted.expected_wait or delay * 2 <= headers.transit_seconds:
        return
    holder = headers.hops[slowest - 1]
    known = provider(holder.provider)
    facts = {"host": holder.by_host, "minutes": _minutes(delay), "gateway": known.name if known else holder.by_host}
    yield _finding(pasted, "filter.delays", sure=side is Side.GATEWAY, **facts)


def _latest(results: tuple[AuthResult, ...]) -> tuple[AuthResult, ...]:
    """What the last receiver found: the results of the topmost Authentication-Results."""
    own = [one for one in results if one.source is Source.RECEIVER]
    return tuple(one for one in own if one.server == own[0].server)


def _says_no(results: tuple[AuthResult, ...], method: str) -> bool:
    found = [one.result for one in results if one.method == method]
    return bool(found) and all(result in FAILED[method] for result in found)


def _first_receiver_said_so(pasted: PastedHeaders, said: tuple[AuthResult, ...]) -> bool:
    """Whether the results are those of the host that took the message from us."""
    if pasted.handover is None:
        return False
    first = pasted.headers.hops[pasted.handover]
    server = said[0].server
    if not server:  # only Microsoft does not name itself
        return first.provider in ("microsoft-365", "outlook-com")
    same_provider = bool(first.provider) and provider_of(server) == first.provider
    return same_provider or under(first.by_host, (server,)) or under(server, (first.by_host,))


def _server_of(pasted: PastedHeaders) -> str:
    said = _latest(pasted.headers.authentication)
    return (said[0].server if said else "") or (pasted.headers.hops[-1].by_host if pasted.headers.hops else "")


def _whole_way(headers: Headers) -> int:
    queued = headers.queued_seconds or 0
    return (headers.transit_seconds or 0) + (0 if _clocks_may_differ(queued) else queued)


def _clocks_may_differ(seconds: int) -> bool:
    beyond = seconds % WHOLE_HOURS
    return seconds >= WHOLE_HOURS and min(beyond, WHOLE_HOURS - beyond) <= CLOCKS_DIFFER


def _why(verdict: SpamVerdict) -> str:
    return f"{verdict.system.value.replace('_', ' ')}: {verdict.score or verdict.why.value.replace('_', ' ')}"


def _minutes(seconds: int) -> str:
    return str(max(1, round(seconds / 60)))
