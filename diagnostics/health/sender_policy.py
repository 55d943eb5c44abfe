"""SPF (RFC 7208), evaluated by pyspf; the DNS is ours.

pyspf asks in the middle of its evaluation and cannot wait. So it works from what has been looked up already; where it
needs more, that is looked up and the evaluation begins anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

import spf  # type: ignore[import-untyped]

from diagnostics.domain import DnsAnswer, DnsStatus
from diagnostics.health.questions import Questions
from diagnostics.probes.mailbox_behind import text_of

MOST_TERMS = 100
MOST_RECORDS = 30
LONGEST_RECORD = 10_000
Network = IPv4Network | IPv6Network
Known = dict[tuple[str, str], DnsAnswer]


@dataclass(frozen=True, slots=True)
class SpfResult:
    """`result` is one of RFC 7208 section 2.6; `detail` says what a permerror or temperror is about."""

    result: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """What an SPF record lets send: networks, and through which term of whose record.

    `include` is the outermost include that belongs to somebody else, empty for terms of our own records.
    """

    networks: tuple[Network, ...]
    term: str
    include: str = ""


@dataclass(frozen=True, slots=True)
class Senders:
    """`complete` is False where a record or a name could not be looked up, or there were too many."""

    found: tuple[Sender, ...]
    complete: bool = True


async def evaluate(address: str, domain: str, questions: Questions) -> SpfResult:
    """What the domain's SPF record says of mail with this envelope domain from this address."""
    known: Known = {}
    while True:
        try:
            return _evaluate(address, domain, known)
        except _Unasked as unasked:
            known[unasked.question] = await questions.ask(*unasked.question)


def policies(records: Iterable[str]) -> tuple[str, ...]:
    """The SPF records among TXT records in presentation form; more than one is an error (RFC 7208 section 4.5)."""
    texts = (text_of(record) for record in records)
    return tuple(text for text in texts if re.match(r"v=spf1(?: |$)", text, re.IGNORECASE))


def terms(policy: str) -> tuple[tuple[str, str], ...]:
    """The mechanisms and modifiers that let somebody send, as (name, value); those with another qualifier left out."""
    found = []
    for term in policy[:LONGEST_RECORD].split()[1 : MOST_TERMS + 1]:
        match = re.fullmatch(r"\+?(?:(redirect)=|(ip4|ip6|include):|(a|mx)(?::|(?=/|$)))(\S*)", term, re.IGNORECASE)
        if match:
            name = (match[1] or match[2] or match[3]).lower()
            found.append((name, match[4]))
    return tuple(found)


async def senders(domain: str, ours: Iterable[str], questions: Questions) -> Senders:
    """Every network that the domain's record lets send. Records of `ours` and names below them are our own."""
    own = tuple(ours)
    found: list[Sender] = []
    complete = True
    waiting, seen = [(domain, "")], {domain}
    while waiting:
        name, include = waiting.pop(0)
        answer = await questions.ask(name, "TXT")
        complete &= answer.status is not DnsStatus.UNANSWERED
        for kind, value in (term for policy in policies(answer.records) for term in terms(policy)):
            if kind in ("include", "redirect"):
                other = value.lower().rstrip(".")
                if other not in seen and len(seen) < MOST_RECORDS and "%" not in other:
                    seen.add(other)
                    waiting.append((other, include or ("" if _is_below(other, own) else other)))
                complete &= other in seen
                continue
            networks, looked_up = await _networks(kind, value, name, questions)
            complete &= looked_up
            if networks:
                found.append(Sender(networks, f"{kind}:{value}" if value else kind, include))
    return Senders(tuple(found), complete)


class _Unasked(Exception):
    """pyspf needs an answer that has not been looked up yet."""

    def __init__(self, question: tuple[str, str]) -> None:
        super().__init__(*question)
        self.question = question


class _Evaluation(spf.query):  # type: ignore[misc]  # pyspf has no types
    """pyspf's evaluation, answered from `known`."""

    def __init__(self, address: str, domain: str, known: Known) -> None:
        super().__init__(i=address, s=f"postmaster@{domain}", h=domain)
        self.known = known

    def dns(self, name: str, qtype: str, cnames: Any = None, ignore_void: bool = False) -> list[Any]:
        key = (str(name).lower().rstrip("."), qtype)
        if key not in self.known:
            raise _Unasked(key)
        answer = self.known[key]
        if answer.status is DnsStatus.UNANSWERED:
            raise spf.TempError(f"no answer for {key[0]} {qtype}")
        if not answer.records and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError(f"more than {spf.MAX_VOID_LOOKUPS} look-ups without a record")
        return [_as_pyspf_has_it(record, qtype) for record in answer.records]

    def get_explanation(self, spec: str) -> None:
        """What a refusal would say to people is not looked up: it decides nothing."""


def _evaluate(address: str, domain: str, known: Known) -> SpfResult:
    try:
        result, _, text = _Evaluation(address, domain, known).check()
    except (AssertionError, ValueError, IndexError, TypeError) as fault:
        # pyspf trips over some malformed records; what it cannot read, a receiver may not be able to read either.
        return SpfResult("permerror", str(fault))
    return SpfResult(result, text if result in ("permerror", "temperror") else "")


def _as_pyspf_has_it(record: str, qtype: str) -> object:
    match qtype:
        case "TXT":
            return [text_of(record).encode("utf-8", "replace")]
        case "MX":
            preference, _, host = record.partition(" ")
            return (int(preference), host.rstrip("."))
        case "PTR":
            return record.rstrip(".")
        case _:
            return record


async def _networks(kind: str, value: str, name: str, questions: Questions) -> tuple[tuple[Network, ...], bool]:
    """The networks of one mechanism, and whether everything for it could be looked up."""
    if kind in ("ip4", "ip6"):
        return _parsed((value,)), True
    host, _, prefixes = value.partition("/")
    host = host or name
    if "%" in host:
        return (), False
    hosts, complete = [host], True
    if kind == "mx":
        answer = await questions.ask(host, "MX")
        hosts = [record.partition(" ")[2] for record in answer.records[:10]]
        complete = answer.status is not DnsStatus.UNANSWERED
    four, _, six = prefixes.partition("//") if not value.partition("/")[2].startswith("/") else ("", "", prefixes[1:])
    found: list[str] = []
    for one in hosts:
        for rdtype, prefix in (("A", four), ("AAAA", six)):
            answer = await questions.ask(one, rdtype)
            complete &= answer.status is not DnsStatus.UNANSWERED
            found += (f"{record}/{prefix}" if prefix else record for record in answer.records)
    return _parsed(found), complete


def _parsed(texts: Iterable[str]) -> tuple[Network, ...]:
    networks = []
    for text in texts:
        try:
            networks.append(ip_network(text, strict=False))
        except ValueError:
            continue  # the evaluation says what is wrong with the record
    return tuple(networks)


def _is_below(name: str, ours: Iterable[str]) -> bool:
    return any(name == one or name.endswith(f".{one}") for one in ours)
