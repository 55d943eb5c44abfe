"""Can receivers tell that our mail is ours? SPF, DKIM, DMARC, and whether they are about the same domain."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from diagnostics.domain import DnsStatus, Vendor
from diagnostics.health.policy import Policy, aligned, organisation, read_policy
from diagnostics.health.profile import (
    KeyName,
    Sample,
    author_domains,
    envelope_domains,
    key_names,
    policy_domains,
    samples,
)
from diagnostics.health.questions import Questions
from diagnostics.health.sender_policy import SpfResult, evaluate, policies
from diagnostics.health.signing_key import read_key, tags_of
from diagnostics.probes.mailbox_behind import text_of
from diagnostics.probes.vendor_health import HealthItem, HealthKind, HealthState

ANY_ADDRESS = Sample("192.0.2.1")
"""A documentation address (RFC 5737): enough to have a record read to its end."""
STATES = {"pass": HealthState.FINE, "temperror": HealthState.UNKNOWN}
"""What an SPF result says of an address that ought to pass; every other result is a problem."""
BEST_FIRST = ("pass", "temperror", "softfail", "neutral", "none", "fail", "permerror")


async def authentication(vendor: Vendor, questions: Questions) -> tuple[HealthItem, ...]:
    """SPF of every sending address, every key, every policy, and the alignment of every From domain."""
    spf, keys = await asyncio.gather(_spf(vendor, questions), _keys(vendor, questions))
    domains = author_domains(vendor) or tuple(dict.fromkeys(map(organisation, vendor.domains)))
    found = await asyncio.gather(*(_policy(domain, questions) for domain in domains))
    items: list[HealthItem] = [*spf, *keys]
    for domain, policy in zip(domains, found, strict=True):
        items.append(_policy_item(domain, policy))
        if policy and policy.request and domain in author_domains(vendor):
            items.append(_alignment(domain, policy, vendor, spf, keys))
    return tuple(items)


async def spf_results(sample: Sample, domains: Iterable[str], questions: Questions) -> dict[str, SpfResult]:
    """What each domain's SPF record says of mail from the address."""
    domains = tuple(domains)
    found = await asyncio.gather(*(evaluate(sample.address, domain, questions) for domain in domains))
    return dict(zip(domains, found, strict=True))


def state_of(results: Iterable[SpfResult]) -> HealthState:
    """Fine where one of the domains lets the address send, unknown where one might."""
    states = [STATES.get(one.result, HealthState.PROBLEM) for one in results]
    return next((state for state in (HealthState.FINE, HealthState.UNKNOWN) if state in states), HealthState.PROBLEM)


async def _spf(vendor: Vendor, questions: Questions) -> tuple[HealthItem, ...]:
    domains = policy_domains(vendor)
    sending = samples(vendor)
    asked = sending or (ANY_ADDRESS,)
    results = await asyncio.gather(*(spf_results(sample, domains, questions) for sample in asked))
    known = bool(envelope_domains(vendor))
    records = [
        item
        for domain in domains
        if (item := await _record(domain, [one[domain] for one in results], questions, needed=known))
    ]
    addresses = (
        item
        for sample, by_domain in zip(sending, results if sending else (), strict=True)
        for item in _address(sample, by_domain, known=known)
    )
    return (*records, *addresses)


async def _record(domain: str, results: list[SpfResult], questions: Questions, *, needed: bool) -> HealthItem | None:
    """The record as a whole. A domain that need not be an envelope domain needs none."""
    answer = await questions.ask(domain, "TXT")
    found = policies(answer.records)
    broken = next((one for one in results if one.result == "permerror"), None)
    if answer.status is DnsStatus.UNANSWERED:
        return _spf_item(domain, HealthState.UNKNOWN, "no answer", domain, "temperror")
    if broken:
        return _spf_item(domain, HealthState.PROBLEM, broken.detail, domain, "permerror", guessed=not needed)
    if not found:
        return _spf_item(domain, HealthState.PROBLEM, "no SPF record", domain, "none") if needed else None
    unknown = any(one.result == "temperror" for one in results)
    return _spf_item(domain, HealthState.UNKNOWN if unknown else HealthState.FINE, found[0], domain)


def _address(sample: Sample, by_domain: dict[str, SpfResult], *, known: bool) -> Iterable[HealthItem]:
    """One item a domain where these are the envelope domains, else the best of all."""
    shown = by_domain if known else dict([min(by_domain.items(), key=_rank)] if by_domain else [])
    for domain, one in shown.items():
        if one.result != "permerror":  # the record's own item says so
            state = STATES.get(one.result, HealthState.PROBLEM)
            yield _spf_item(sample.address, state, f"{one.result} for {domain}", domain, one.result, guessed=not known)


def _rank(entry: tuple[str, SpfResult]) -> int:
    return BEST_FIRST.index(entry[1].result) if entry[1].result in BEST_FIRST else len(BEST_FIRST)


def _spf_item(
    subject: str, state: HealthState, detail: str, domain: str, result: str = "pass", *, guessed: bool = False
) -> HealthItem:
    facts = {"domain": domain, "result": result} | ({"server": subject} if subject != domain else {})
    if guessed:
        facts["guessed"] = "the profile does not say that this is an envelope domain"
    return HealthItem(HealthKind.SPF, subject, state, detail, facts)


async def _keys(vendor: Vendor, questions: Questions) -> tuple[HealthItem, ...]:
    return tuple(await asyncio.gather(*(_key(where, questions) for where in key_names(vendor))))


async def _key(where: KeyName, questions: Questions) -> HealthItem:
    answer = await questions.ask(where.name, "TXT")
    facts = {"domain": where.domain, "key": where.name}
    if answer.status is DnsStatus.UNANSWERED:
        return HealthItem(HealthKind.DKIM, where.name, HealthState.UNKNOWN, "no answer", facts)
    texts = [text_of(record) for record in answer.records]
    text = next((text for text in texts if "p" in tags_of(text)), None)
    if text is None:
        return HealthItem(HealthKind.DKIM, where.name, HealthState.PROBLEM, "no key there", facts)
    key = read_key(text)
    if key.fault:
        return HealthItem(HealthKind.DKIM, where.name, HealthState.PROBLEM, key.fault, facts)
    size = f"{key.kind}, {key.bits} bits" if key.bits else key.kind
    detail = f"{size}, said to be a test" if key.testing else size
    return HealthItem(HealthKind.DKIM, where.name, HealthState.FINE, detail, facts)


async def _policy(domain: str, questions: Questions) -> Policy | None:
    """The domain's own, else its organisation's (RFC 7489 section 6.6.3); None where nobody answered."""
    above = organisation(domain)
    for name in dict.fromkeys((domain, above)):
        answer = await questions.ask(f"_dmarc.{name}", "TXT")
        if answer.status is DnsStatus.UNANSWERED:
            return None
        found = read_policy(map(text_of, answer.records), of_organisation=name != domain)
        if found.fault != "no DMARC record":
            return found
    return Policy(fault="no DMARC record")


def _policy_item(domain: str, policy: Policy | None) -> HealthItem:
    if policy is None:
        return HealthItem(HealthKind.DMARC, domain, HealthState.UNKNOWN, "no answer", {"domain": domain})
    state = HealthState.PROBLEM if policy.fault else HealthState.FINE
    facts = {"domain": domain, "policy": policy.request}
    return HealthItem(HealthKind.DMARC, domain, state, policy.fault or f"p={policy.request}", facts)


def _alignment(
    domain: str, policy: Policy, vendor: Vendor, spf: Iterable[HealthItem], keys: Iterable[HealthItem]
) -> HealthItem:
    """Whether one of the two can pass for the From domain. That a key is there does not show that we sign with it."""
    by_spf = [
        _together(item.state for item in spf if item.facts["domain"] == envelope)
        for envelope in envelope_domains(vendor)
        if aligned(domain, envelope, strict=policy.strict_spf)
    ]
    by_key = [item.state for item in keys if aligned(domain, item.facts["domain"], strict=policy.strict_dkim)]
    if not vendor.dkim_selectors:
        by_key = [HealthState.UNKNOWN]  # nobody told which keys there are
    states = (*by_spf, *by_key)
    state = next((one for one in (HealthState.FINE, HealthState.UNKNOWN) if one in states), HealthState.PROBLEM)
    ways = [name for name, found in (("SPF", by_spf), ("DKIM", by_key)) if HealthState.FINE in found]
    detail = f"by {' and '.join(ways)}" if ways else "neither SPF nor DKIM can be shown to pass for this domain"
    facts = {"domain": domain, "policy": policy.request}
    return HealthItem(HealthKind.ALIGNMENT, domain, state, detail, facts)


def _together(states: Iterable[HealthState]) -> HealthState:
    seen = set(states)
    worst_first = (HealthState.PROBLEM, HealthState.UNKNOWN, HealthState.FINE)
    return next((state for state in worst_first if state in seen), HealthState.UNKNOWN)
