"""Who keeps the mailboxes behind a filter, a forward or a mail host that names nobody?"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from typing import NamedTuple

from diagnostics.domain import (
    DnsStatus,
    Evidence,
    Gap,
    Network,
    ProbeGroup,
    Provider,
    ProviderKind,
    Target,
    Unobserved,
)
from diagnostics.probes.mail_system import MailSystem
from diagnostics.providers import by_client_host, by_dkim_host, by_mx_host, by_spf_include, provider, providers
from diagnostics.registry import probe

MOST_INCLUDES = 5
"""Further SPF records that are read: with the other names no more than 15 questions, and within the 10 look-ups of
RFC 7208 section 4.6.4.
"""
SPF_SECONDS = 6.0
"""How long further SPF records are followed; what was seen until then counts."""
MAILBOX_KINDS = frozenset({ProviderKind.MAILBOX, ProviderKind.CONSUMER})


class SignKind(StrEnum):
    """Which record speaks for a provider."""

    MX = "mx"
    AUTODISCOVER = "autodiscover"
    """Mail programs are sent there for their settings."""
    DKIM = "dkim"
    """Mail from the domain is signed there."""
    SPF = "spf"
    """Mail from the domain may be sent there. That alone does not prove a mailbox."""
    TEAMS = "teams"
    """Chat and telephony are there, often the mailboxes too."""


WEIGHTS = {SignKind.AUTODISCOVER: 4, SignKind.MX: 3, SignKind.DKIM: 3, SignKind.SPF: 2, SignKind.TEAMS: 1}
NO_CONTRADICTION = frozenset({SignKind.SPF, SignKind.TEAMS})
"""Signs that another provider may well have beside the one that keeps the mailboxes."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One record that speaks for a provider (its slug). `seen` is the name in it that says so."""

    kind: SignKind
    provider: str
    seen: str


@dataclass(frozen=True, slots=True)
class MailboxBehind:
    """Who keeps the mailboxes, by all signs together; empty where no sign or no preference among them was found.

    `certain`: two signs of different kinds agree and no strong one speaks for somebody else, or there is nothing in
    front of the provider that MX names.
    """

    provider: str = ""
    signs: tuple[Sign, ...] = ()
    certain: bool = False


def mailbox_of(system: MailSystem | None, behind: MailboxBehind | None) -> str:
    """The slug of whoever keeps the mailboxes as far as it is known: by all signs, else by MX; else empty."""
    if behind and behind.provider:
        return behind.provider
    by_mx = provider(system.mailbox_provider) if system else None
    return by_mx.slug if by_mx and by_mx.kind is not ProviderKind.FORWARDER else ""


def weighed(signs: Iterable[Sign]) -> MailboxBehind:
    """What the signs come to. All of them are kept, also those that speak for somebody else."""
    signs = tuple(dict.fromkeys(signs))
    kinds: dict[str, set[SignKind]] = {}
    for sign in signs:
        kinds.setdefault(sign.provider, set()).add(sign.kind)
    ranked = sorted(kinds, key=lambda slug: -_weight(kinds[slug]))
    if not ranked or (len(ranked) > 1 and _weight(kinds[ranked[0]]) == _weight(kinds[ranked[1]])):
        return MailboxBehind(signs=signs)
    first, *others = ranked
    contradicted = any(kinds[other] - NO_CONTRADICTION for other in others)
    return MailboxBehind(first, signs, certain=len(kinds[first]) > 1 and not contradicted)


@probe(group=ProbeGroup.DNS, observes=MailboxBehind, needs=(MailSystem,), timeout=8)
async def collect(target: Target, evidence: Evidence, net: Network) -> MailboxBehind:
    """Who keeps the mailboxes, by the domain's other records?"""
    system = evidence[MailSystem]
    by_mx = [
        Sign(SignKind.MX, slug, "MX")
        for slug in (system.mailbox_provider, *system.others)
        if (known := provider(slug)) and known.kind in MAILBOX_KINDS
    ]
    if system.kind in MAILBOX_KINDS and not system.others:
        return MailboxBehind(by_mx[0].provider, tuple(by_mx), certain=True)
    if system.kind in (ProviderKind.PROGRAM, ProviderKind.PARKING):
        return MailboxBehind()
    found = await _look_up(target.domain, net)
    if not found.signs and found.silent:
        raise Unobserved(Gap.RESOLVER_SILENT)
    return weighed((*by_mx, *found.signs))


@dataclass(frozen=True, slots=True)
class _Found:
    signs: tuple[Sign, ...]
    silent: bool = False
    """A question got no answer, so there may be more signs."""


class _Look(NamedTuple):
    """A record beside the domain and whom it speaks for; `read` is given the name and the record."""

    label: str
    rdtype: str
    kind: SignKind
    read: Callable[[str, str], tuple[Provider | None, str]]


async def _look_up(domain: str, net: Network) -> _Found:
    looks = [(f"{look.label}.{domain}", look) for look in _looks()]
    asked = [net.resolve(name, look.rdtype, confirm=False) for name, look in looks]
    spf = await _spf(domain, net)
    signs, answers = list(spf.signs), [await one for one in asked]
    for (name, look), answer in zip(looks, answers, strict=True):
        for record in answer.records:
            owner, seen = look.read(name, record)
            if owner:
                signs.append(Sign(look.kind, owner.slug, seen.rstrip(".")))
    return _Found(tuple(signs), spf.silent or any(answer.status is DnsStatus.UNANSWERED for answer in answers))


@cache
def _looks() -> tuple[_Look, ...]:
    return (
        _Look("autodiscover", "CNAME", SignKind.AUTODISCOVER, _client_host),
        _Look("_autodiscover._tcp", "SRV", SignKind.AUTODISCOVER, _service),
        _Look("lyncdiscover", "CNAME", SignKind.TEAMS, _client_host),
        *(
            _Look(f"{selector}._domainkey", "CNAME", SignKind.DKIM, _dkim_host)
            if one.dkim_hosts
            else _Look(f"{selector}._domainkey", "TXT", SignKind.DKIM, partial(_key, one))
            for one in providers().values()
            for selector in one.dkim_selectors
        ),
    )


def _client_host(name: str, record: str) -> tuple[Provider | None, str]:
    return by_client_host(record), record


def _service(name: str, record: str) -> tuple[Provider | None, str]:
    """An SRV record's last field is its target (RFC 2782)."""
    host = record.rpartition(" ")[2]
    return by_client_host(host), host


def _dkim_host(name: str, record: str) -> tuple[Provider | None, str]:
    return by_dkim_host(record), record


def _key(owner: Provider, name: str, record: str) -> tuple[Provider | None, str]:
    return (owner if _is_key(text_of(record)) else None), name


async def _spf(domain: str, net: Network) -> _Found:
    """What the SPF record includes and where it redirects; names that nobody is known by are read in their turn."""
    signs: list[Sign] = []
    silent = False
    seen = {domain}
    waiting = [domain]
    left = MOST_INCLUDES + 1
    try:
        async with asyncio.timeout(SPF_SECONDS):
            while waiting and left:
                now, waiting = waiting[:left], waiting[left:]
                left -= len(now)
                for asked in [net.resolve(name, "TXT") for name in now]:
                    answer = await asked
                    silent |= answer.status is DnsStatus.UNANSWERED
                    for name in spf_names(answer.records):
                        if owner := by_spf_include(name):
                            signs.append(Sign(SignKind.SPF, owner.slug, name))
                        elif name not in seen and by_mx_host(name) is None:
                            waiting.append(name)
                        seen.add(name)
    except TimeoutError:
        silent = True
    return _Found(tuple(signs), silent)


def spf_names(records: Iterable[str]) -> tuple[str, ...]:
    """The names that SPF records among these TXT records include or redirect to (RFC 7208 sections 5.2 and 6.1).

    Names with macros are left out: they depend on the message.
    """
    found = (name for text in map(text_of, records) if _SPF.match(text) for name in _SPF_NAMES.findall(text))
    return tuple(dict.fromkeys(name.lower().rstrip(".") for name in found if "%" not in name and name.strip(".")))


def text_of(record: str) -> str:
    """A TXT record in presentation form, `"v=spf1 " "-all"`, as one text (RFC 7208 section 3.3)."""
    if _ONE_STRING.fullmatch(record):  # as nearly all of them are
        return record[1:-1]
    strings = _STRINGS.findall(record)
    return _ESCAPED.sub(r"\1", "".join(strings) if strings else record)


_SPF = re.compile(r"v=spf1(?:\s|$)", re.IGNORECASE)
_SPF_NAMES = re.compile(r"(?:include:|redirect=)(\S+)", re.IGNORECASE)
_ONE_STRING = re.compile(r'"[^"\\]*"')
_STRINGS = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def _is_key(text: str) -> bool:
    """A DKIM key that was not revoked (RFC 6376 section 3.6.1). A wildcard TXT record is none."""
    return re.search(r"(?:^|;)\s*p=\s*\w", text) is not None


def _weight(kinds: Iterable[SignKind]) -> int:
    return sum(WEIGHTS[kind] for kind in kinds)
