"""The longest chain of the world's answers in one case: what nobody could have asked before the answer before it.

Told from what was asked and answered alone. A question depends on an answer that first named what it is about (the mail
host in an MX record, a name in an SPF record, an address to connect to), on an earlier answer to the same question
(another name server confirms it), and in a connection on the answer before it. What a probe waits for by choice is no
dependency, so the chain is what an ideal portal would take.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import dns.message
import dns.rdatatype

from tests.bench._names import FAST_HOSTS, SLOW_HOSTS

MAIL_HOSTS = frozenset(map(str, (*FAST_HOSTS, *SLOW_HOSTS)))
NAMES = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+")
SHORTEST = 3
"""Labels of a name that can have been learned from an answer: `d000001.test` is what the case began with."""


@dataclass(frozen=True, slots=True)
class Event:
    """One question and its answer, in seconds of the monotonic clock.

    `subject` is what had to be known to ask it, `reveals` what its answer named, `key` the question itself.
    """

    asked: float
    answered: float
    key: str
    subject: str = ""
    reveals: frozenset[str] = frozenset()
    connection: int = 0


@dataclass(frozen=True, slots=True)
class Chain:
    """So many answers one after the other, and how long the world made everybody wait for them."""

    steps: int
    seconds: float


def read(raw: dict[str, Any]) -> Event:
    """From what the world wrote down."""
    asked, answered = float(raw["asked"]), float(raw["answered"])
    if "answer" not in raw:
        return Event(asked, answered, f"connection {raw['connection']}", connection=raw["connection"])
    message = dns.message.from_wire(bytes.fromhex(raw["answer"]))
    question = message.question[0]
    name = question.name.to_text(omit_final_dot=True).lower()
    texts = [rdata.to_text().lower() for rrset in message.answer for rdata in rrset]
    reveals = frozenset(found.rstrip(".") for text in texts for found in NAMES.findall(text))
    return Event(asked, answered, f"{name} {dns.rdatatype.to_text(question.rdtype)}", name, reveals)


def types(raw: Iterable[dict[str, Any]]) -> set[str]:
    """The record types that were asked for."""
    return {read(one).key.rpartition(" ")[2] for one in raw if "answer" in one}


def longest(events: Iterable[Event]) -> Chain:
    """The chain that takes longest; without events it has no steps."""
    ordered = sorted(events, key=lambda one: one.asked)

    @cache
    def up_to(place: int) -> Chain:
        event = ordered[place]
        before = [up_to(one) for one in range(place) if _needs(event, ordered[one])]
        last = max(before, key=lambda chain: chain.seconds, default=Chain(0, 0.0))
        return Chain(last.steps + 1, last.seconds + event.answered - event.asked)

    return max(map(up_to, range(len(ordered))), key=lambda chain: chain.seconds, default=Chain(0, 0.0))


def between(raw: Iterable[dict[str, Any]], began: float, ended: float) -> Chain:
    """The longest of what was asked and answered in that time."""
    return longest(read(one) for one in raw if began <= one["asked"] and one["answered"] <= ended)


def _needs(event: Event, earlier: Event) -> bool:
    if earlier.answered > event.asked:
        return False
    if event.connection:
        return earlier.connection == event.connection or _leads_to_mail(earlier)
    return event.key == earlier.key or any(name in earlier.reveals for name in _learned(event.subject))


def _leads_to_mail(event: Event) -> bool:
    return bool(MAIL_HOSTS & event.reveals)


def _learned(name: str) -> list[str]:
    """The name and those above it that are no customer's domain: `_25._tcp.host` is known once the host is."""
    labels = name.split(".")
    return [".".join(labels[first:]) for first in range(len(labels) - SHORTEST + 1)]
