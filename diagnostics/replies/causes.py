"""What a reply is called in the cause tree, with the facts that its words give: which list, whose list, which host.

Most causes follow from the reason alone. `causes.toml` has the finer ones: rows of `cause` in their order, the first
that holds wins; `list` and `provider` name who judged. A row's conditions are those of the reply rules (`ruleset`);
`within` are the reasons among which the row is looked for, `who` names what else is looked up for it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from diagnostics.replies.classifier import Reply, classify
from diagnostics.replies.phrases import Phrase, parse
from diagnostics.replies.reading import LONGEST, Reading, read
from diagnostics.replies.reasons import Group, Reason
from diagnostics.replies.ruleset import Rule, condition, words_of

CAUSES: dict[Reason, str] = {
    Reason.MAILBOX_UNKNOWN: "mailbox.unknown",
    Reason.MAILBOX_FULL: "mailbox.full",
    Reason.MAILBOX_DISABLED: "mailbox.disabled",
    Reason.RECIPIENT_RESTRICTED: "recipient.restricted",
    Reason.DOMAIN_UNKNOWN: "domain.not-served",
    Reason.DOMAIN_NO_MAIL: "domain.not-served",
    Reason.RELAY_DENIED: "domain.not-served",
    Reason.IP_REPUTATION: "sender.provider-listed",
    Reason.DOMAIN_REPUTATION: "sender.domain-listed",
    Reason.MISSING_PTR: "sender.not-trusted",
    Reason.AUTH_FAILURE: "sender.not-authenticated",
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
"""What each reason of a reply is called in the cause tree, where its words say no more."""

MAILBOX = {
    "mailbox.unknown",
    "mailbox.not-synced",
    "mailbox.disabled",
    "recipient.restricted",
    "domain.not-served",
    "forward.broken",
}
"""The mailbox is not there, or not open to us."""

SPACE = {"mailbox.full"}

DEFERRAL = {"greylisted", "recipient.rate-limited", "server.temporary"}
"""Refused for now; it may pass by itself."""

REFUSAL = {
    "policy.refused",
    "policy.custom-rule",
    "tls.required",
    "tls.policy",
    "sender.listed",
    "sender.provider-listed",
    "sender.domain-listed",
    "sender.not-authenticated",
    "sender.not-trusted",
    "blocklist.misread",
    "content.refused",
    "refused.unclear",
}
"""The server does not let this sender or this message in."""


@dataclass(frozen=True, slots=True)
class Named:
    """The cause that a reply names.

    `understood` where the server's words, or a code with one meaning only, say so. Otherwise the cause is a guess from
    a general code, which proves nothing. `facts` may hold `list` (a public blocklist), `provider` (who keeps a list of
    its own), `delist` (where to have an entry removed) and `forwarded_to` (the domain that refused instead).
    """

    tag: str
    reply: Reply
    understood: bool
    facts: Mapping[str, str] = field(default_factory=dict)


def cause_of(reply_text: str, *, domain: str = "", host: str = "") -> Named:
    """The cause that one SMTP reply names; takes any text and never raises.

    `domain` is that of the address written to, `host` the server that replied. With the one a refusal of a mailbox in
    quite another domain is seen to come from behind a forward, with the other whose own list it is.
    """
    text = reply_text[:LONGEST]
    reply = classify(text)
    understood = reply.group is not Group.NONE and not reply.rule.startswith(GUESSES)
    reading = read(text)
    if behind := _other_domain(text, reply, domain):
        # Only a hint: one organisation may simply go by two domains.
        return Named("forward.broken", reply, understood=False, facts={"forwarded_to": behind})
    words = words_of(reading)
    finer = next((row for row in _finer() if reply.reason in row.within and _holds(row.rule, reading, words)), None)
    if finer is None:
        tag = CAUSES[reply.reason]
        facts = _judge(reading, host, "provider") if tag == "sender.provider-listed" else {}
        return Named(tag, reply, understood, facts)
    return Named(finer.tag, reply, True, _judge(reading, host, finer.judge))


def tags() -> set[str]:
    """Every tag that `cause_of` may give."""
    return {"forward.broken", *CAUSES.values(), *(row.tag for row in _finer())}


def examples() -> list[tuple[str, str]]:
    """The tag and the example of each finer row."""
    return [(row.tag, row.rule.example) for row in _finer()]


GUESSES = ("code-", "status-")
"""How the rules are named that went by a general code alone, because nobody understood the words."""


@dataclass(frozen=True, slots=True)
class _Finer:
    tag: str
    within: frozenset[Reason]
    rule: Rule
    judge: str


@dataclass(frozen=True, slots=True)
class _Judge:
    """Who keeps a list: known by the words of a reply, or by the words of the host's name."""

    name: str
    says: tuple[Phrase, ...]
    delist: str = ""


def _holds(rule: Rule, reading: Reading, words: set[str]) -> bool:
    said = not rule.says or any(phrase.occurs_in(reading) for phrase in rule.says)
    return said and rule.allows(reading, words)


def _judge(reading: Reading, host: str, kind: str) -> dict[str, str]:
    """The facts `list` or `provider`, and `delist`, of whoever the words or else the host's name point to."""
    for words in (reading, read(host)) if kind == "provider" else (reading,):
        for one in _judges().get(kind, ()):
            if any(phrase.occurs_in(words) for phrase in one.says):
                return {kind: one.name, **({"delist": one.delist} if one.delist else {})}
    return {}


def _other_domain(text: str, reply: Reply, domain: str) -> str:
    """The domain of the mailbox that was refused, where it is another one than the domain asked for."""
    if not domain or reply.reason not in _REFUSED_MAILBOX:
        return ""
    quoted = [found.lower() for found in _QUOTED_MAILBOX.findall(text)]
    related = any(one == domain or one.endswith(f".{domain}") or domain.endswith(f".{one}") for one in quoted)
    return quoted[0] if quoted and not related else ""


_REFUSED_MAILBOX = frozenset({Reason.MAILBOX_UNKNOWN, Reason.MAILBOX_FULL, Reason.MAILBOX_DISABLED})
# An address in angle brackets right after the codes or right before a colon is the one refused; others may be
# the sender's or the postmaster's.
_QUOTED_MAILBOX = re.compile(
    r"(?:^|[45]\.\d{1,3}\.\d{1,3}|\b[45]\d\d)[ \-]{1,3}<[^<>@\s]{1,64}@([\w.\-]{1,255})>(?=[:. ]|\Z)", re.MULTILINE
)


@cache
def _rows() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads((resources.files("diagnostics.replies") / "causes.toml").read_text("utf-8"))


@cache
def _finer() -> tuple[_Finer, ...]:
    return tuple(_read_finer(**row) for row in _rows()["cause"])


def _read_finer(*, tag: str, within: list[str], example: str, judge: str = "", **conditions: Any) -> _Finer:
    reasons = frozenset(Reason(reason) for reason in within)
    return _Finer(tag, reasons, condition(name=tag, reason=within[0], example=example, **conditions), judge)


@cache
def _judges() -> dict[str, tuple[_Judge, ...]]:
    return {
        kind: tuple(_Judge(row["name"], tuple(map(parse, row["says"])), row.get("delist", "")) for row in _rows()[kind])
        for kind in ("list", "provider")
    }
