"""Is it us? What the scheduled look at our own side found, and whether their refusal says the same.

A fault of ours that their reply names too is proved. By itself it is a hint, or, where mail gets through all the
same, a note; nothing of it speaks against the customer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from diagnostics.domain import (
    ConnectOutcome,
    Finding,
    Gap,
    NotApplicable,
    SendOutcome,
    Unobserved,
    hints,
    notes,
    proves,
)
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.probes.test_message import TestCodeTyped, TestMessageReport
from diagnostics.probes.vendor_health import HealthItem, HealthKind, HealthState, VendorHealth
from diagnostics.registry import check
from diagnostics.replies import Reason
from diagnostics.replies.causes import Named, cause_of

MOST_NAMED = 5
"""Subjects that one finding names."""
REFUSED = frozenset({SendOutcome.REFUSED, SendOutcome.DEFERRED})
HARD_SPF_RESULTS = frozenset({"fail", "permerror"})
"""Results for which some receivers refuse a message by SPF alone (RFC 7208 section 8.4)."""
ADDRESS = re.compile(r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{1,4}:[0-9a-f:]{4,39})(?![\w:])")
LIST_REFUSALS = frozenset({"sender.listed", "sender.domain-listed"})
PARTS_OF_ZEN = frozenset({"Spamhaus ZEN", "Spamhaus SBL", "Spamhaus XBL", "Spamhaus PBL"})
"""Lists that are looked up together: a reply may name the part or the whole."""


@check(
    VendorHealth,
    may_read=(TestMessageReport, TestCodeTyped, ServerPorts),
    answers="our-side",
    decides=False,
    emits={"our.spf", "our.dkim", "our.dmarc", "our.ptr", "our.listed", "our.host-down", "our.article-drift"},
)
def our_side_is_sound(
    health: VendorHealth,
    report: TestMessageReport | None,
    typed: TestCodeTyped | None,
    ports: ServerPorts | None,
) -> Iterator[Finding]:
    """Our records, addresses and hosts, and the article. One finding a tag, with the worst that is known of it."""
    if not health.items:
        raise NotApplicable(Gap.NO_HOSTS)
    if all(item.state is HealthState.UNKNOWN for item in health.items):
        raise Unobserved(Gap.RESOLVER_SILENT)
    refusal = None if typed else _refusal(report)
    hint = notes if typed else hints  # what has arrived was not stopped by us
    problems = [item for item in health.items if item.state is HealthState.PROBLEM]
    topics = (
        _topic("our.spf", _of(problems, HealthKind.SPF), refusal, hint, _explains_by_spf(health)),
        _topic("our.dkim", _of(problems, HealthKind.DKIM), refusal, hint, _explains_by_key(health)),
        _topic("our.dmarc", _of(problems, HealthKind.ALIGNMENT, HealthKind.DMARC), refusal, hint, _explains_by_policy),
        _topic("our.ptr", _of(problems, HealthKind.PTR), refusal, hint, _explains_nothing),
        _topic("our.listed", _of(problems, HealthKind.BLOCKLIST), refusal, hint, _is_widely_used),
    )
    yield from (finding for finding in topics if finding)
    yield from _hosts(_of(problems, HealthKind.HOST), ports, hint)
    yield from _drift(problems)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Their reply to the test message, and the sending address that it quotes, where it does."""

    text: str
    host: str
    named: Named

    def agrees(self, item: HealthItem) -> bool:
        """Whether the reply names the very fault."""
        match item.kind:
            case HealthKind.SPF | HealthKind.DKIM | HealthKind.DMARC | HealthKind.ALIGNMENT:
                return self.named.reply.reason is Reason.AUTH_FAILURE and self._mentions(item.kind)
            case HealthKind.PTR:
                return self.named.reply.reason is Reason.MISSING_PTR and self._is_about(item)
            case HealthKind.BLOCKLIST:
                return (
                    self.named.tag in LIST_REFUSALS
                    and self._quotes(item.facts.get("list", ""))
                    and self._is_about(item)
                )
        return False

    def _mentions(self, kind: HealthKind) -> bool:
        """Whether the reply speaks of this way of authentication, or of none in particular."""
        spoken_of = set(re.findall("spf|dkim|dmarc", self.text.lower()))
        return not spoken_of or ("dmarc" if kind is HealthKind.ALIGNMENT else str(kind)) in spoken_of

    def _quotes(self, name: str) -> bool:
        quoted = self.named.facts.get("list", "")
        return bool(quoted) and (quoted == name or {quoted, name} <= PARTS_OF_ZEN)

    def _is_about(self, item: HealthItem) -> bool:
        """Whether the reply quotes the item's address, or none; other servers of ours may have other faults."""
        quoted = ADDRESS.findall(self.text.lower())
        return not quoted or item.facts.get("server") in quoted


Explains = Callable[[HealthItem], bool]


def _refusal(report: TestMessageReport | None) -> _Refusal | None:
    """What a server of theirs said; a relay of ours would speak for itself."""
    sent = report.transmission if report else None
    if sent is None or sent.outcome not in REFUSED or not sent.host or sent.decisive is None:
        return None
    text = str(sent.decisive)
    return _Refusal(text, sent.host, cause_of(text, host=sent.host))


def _topic(
    tag: str,
    problems: tuple[HealthItem, ...],
    refusal: _Refusal | None,
    hint: Callable[..., Finding],
    explains: Explains,
) -> Finding | None:
    """Proved by the items that the refusal names; else a hint by those that explain lost mail; else a note."""
    if refusal and (agreeing := tuple(item for item in problems if refusal.agrees(item))):
        return proves(tag, **{**_facts(agreeing), "reply": refusal.text, "host": refusal.host})
    if telling := tuple(item for item in problems if explains(item)):
        return hint(tag, **_facts(telling))
    return notes(tag, **_facts(problems)) if problems else None


def _explains_by_spf(health: VendorHealth) -> Explains:
    """A hard result for an envelope domain that the profile states; a soft one only where DKIM does not make up."""
    unaligned = any(item.state is HealthState.PROBLEM for item in health.of(HealthKind.ALIGNMENT))
    return lambda item: "guessed" not in item.facts and (unaligned or item.facts.get("result") in HARD_SPF_RESULTS)


def _explains_by_key(health: VendorHealth) -> Explains:
    """A key without which nothing of the domain's mail can pass."""
    unaligned = {
        item.facts.get("domain") for item in health.of(HealthKind.ALIGNMENT) if item.state is HealthState.PROBLEM
    }
    return lambda item: item.facts.get("domain") in unaligned


def _explains_by_policy(item: HealthItem) -> bool:
    """Nothing passes, and our own record asks receivers to keep such mail back."""
    return item.kind is HealthKind.ALIGNMENT and item.facts.get("policy") in ("quarantine", "reject")


def _explains_nothing(item: HealthItem) -> bool:
    """Whoever minds a missing name says so: without such a refusal it is no reason."""
    return False


def _is_widely_used(item: HealthItem) -> bool:
    return item.facts.get("weight") == "wide"


def _hosts(down: tuple[HealthItem, ...], ports: ServerPorts | None, hint: Callable[..., Finding]) -> Iterator[Finding]:
    """Hosts that did not answer then. What this run has seen of them itself is newer, and told by itself."""
    seen = {(one.host, str(one.port)): one.outcome for one in ports.connections} if ports else {}
    unseen = [item for item in down if (item.facts.get("host"), item.facts.get("port")) not in seen]
    again = [
        item
        for item in down
        if seen.get((item.facts.get("host", ""), item.facts.get("port", ""))) is ConnectOutcome.OPEN
    ]
    if unseen:
        yield hint("our.host-down", **_host_facts(unseen))
    elif again:
        yield notes("our.host-down", **_host_facts(again))


def _host_facts(items: Iterable[HealthItem]) -> dict[str, str]:
    items = tuple(items)
    hosts, ports = (_named(item.facts.get(name, "") for item in items) for name in ("host", "port"))
    return {"host": hosts, "ports": ports}


def _drift(problems: Iterable[HealthItem]) -> Iterator[Finding]:
    problems = tuple(problems)
    missing = _of(problems, HealthKind.DRIFT_MISSING)
    extra = _of(problems, HealthKind.DRIFT_EXTRA)
    if missing or extra:
        yield notes(
            "our.article-drift",
            missing=_named(item.subject for item in missing),
            extra=_named(item.subject for item in extra),
        )


def _of(items: Iterable[HealthItem], *kinds: HealthKind) -> tuple[HealthItem, ...]:
    return tuple(item for item in items if item.kind in kinds)


def _facts(items: tuple[HealthItem, ...]) -> dict[str, str]:
    """Of all items together; what differs among them is listed."""
    names = dict.fromkeys(name for item in items for name in item.facts)
    found = {name: _named(item.facts.get(name, "") for item in items) for name in names}
    return {"subject": _named(item.subject for item in items), "detail": _named(item.detail for item in items), **found}


def _named(texts: Iterable[str]) -> str:
    found = tuple(dict.fromkeys(text for text in texts if text))
    more = ("…",) if found[MOST_NAMED:] else ()
    return ", ".join((*found[:MOST_NAMED], *more))
