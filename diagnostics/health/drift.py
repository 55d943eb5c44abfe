"""Does the article still tell the truth? What it has customers allow, against what may send for us."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from diagnostics.domain import Vendor
from diagnostics.health.authentication import spf_results, state_of
from diagnostics.health.profile import Sample, listed, networks, policy_domains, samples
from diagnostics.health.questions import Questions, nothing_there
from diagnostics.health.sender_policy import Network, Sender, senders
from diagnostics.probes.vendor_health import HealthItem, HealthKind, HealthState

SIGNS_OF_LIFE = ("MX", "A", "AAAA", "TXT")
MOST_MISSING = 20
"""Items; the last one says how many more there are."""


async def drift(vendor: Vendor, questions: Questions) -> tuple[HealthItem, ...]:
    """What the article names without need, and what it does not name; nothing where it names nothing."""
    if not vendor.addresses and not vendor.domains:
        return ()
    domains, addresses, missing = await asyncio.gather(
        asyncio.gather(*(_domain(domain, questions) for domain in vendor.domains)),
        _addresses(vendor, questions),
        _missing(vendor, questions),
    )
    return (*domains, *addresses, *missing)


async def _domain(domain: str, questions: Questions) -> HealthItem:
    answers = await asyncio.gather(*(questions.ask(domain, rdtype) for rdtype in SIGNS_OF_LIFE))
    if any(answer.records for answer in answers):
        return HealthItem(HealthKind.DRIFT_EXTRA, domain, HealthState.FINE, "has records")
    if all(nothing_there(answer) for answer in answers):
        return HealthItem(HealthKind.DRIFT_EXTRA, domain, HealthState.PROBLEM, "has no records")
    return HealthItem(HealthKind.DRIFT_EXTRA, domain, HealthState.UNKNOWN, "no answer")


async def _addresses(vendor: Vendor, questions: Questions) -> list[HealthItem]:
    """Every listed address is one of our hosts, or may send for one of our domains."""
    answers = await asyncio.gather(
        *(questions.ask(host.name, rdtype) for host in vendor.hosts for rdtype in ("A", "AAAA"))
    )
    of_hosts = {record for answer in answers for record in answer.records}
    return list(await asyncio.gather(*(_address(one, of_hosts, vendor, questions) for one in listed(vendor))))


async def _address(sample: Sample, of_hosts: set[str], vendor: Vendor, questions: Questions) -> HealthItem:
    if sample.address in of_hosts:
        return HealthItem(HealthKind.DRIFT_EXTRA, sample.address, HealthState.FINE, "one of our hosts")
    state = state_of((await spf_results(sample, policy_domains(vendor), questions)).values())
    detail = {HealthState.FINE: "in SPF", HealthState.PROBLEM: "in the SPF record of none of our domains"}
    return HealthItem(HealthKind.DRIFT_EXTRA, sample.address, state, detail.get(state, "no answer"))


async def _missing(vendor: Vendor, questions: Questions) -> list[HealthItem]:
    if not vendor.addresses:
        return []
    domains = policy_domains(vendor)
    ours = tuple(dict.fromkeys((*domains, *vendor.domains)))
    found = await asyncio.gather(*(senders(domain, ours, questions) for domain in domains))
    items = [
        HealthItem(HealthKind.DRIFT_MISSING, domain, HealthState.UNKNOWN, "not all of its SPF record could be read")
        for domain, one in zip(domains, found, strict=True)
        if not one.complete
    ]
    unlisted = [one for part in found for one in part.found if not _all_covered(one, vendor)]
    own = dict.fromkeys(
        str(network) if network.num_addresses > 1 else str(network[0])
        for one in unlisted
        if not one.include
        for network in one.networks
        if not _covered(network, vendor)
    )
    sending = (sample.network or sample.address for sample in samples(vendor))
    unnamed = dict.fromkeys(text for text in sending if not _covered(networks((text,))[0], vendor))
    items += _first({**unnamed, **own})
    # Somebody else's whole range: only we ourselves know whether codes leave that way.
    others = dict.fromkeys(one.include for one in unlisted if one.include not in ("", *vendor.unrelated_includes))
    items += (
        HealthItem(
            HealthKind.DRIFT_MISSING, f"include:{name}", HealthState.UNKNOWN, "may send for us, as a whole range"
        )
        for name in others
    )
    return items or [HealthItem(HealthKind.DRIFT_MISSING, "SPF", HealthState.FINE, "all that may send is listed")]


def _first(subjects: Iterable[str]) -> Iterable[HealthItem]:
    subjects = tuple(subjects)
    for subject in subjects[:MOST_MISSING]:
        yield HealthItem(HealthKind.DRIFT_MISSING, subject, HealthState.PROBLEM, "may send for us")
    if subjects[MOST_MISSING:]:
        more = f"and {len(subjects) - MOST_MISSING} more"
        yield HealthItem(HealthKind.DRIFT_MISSING, more, HealthState.PROBLEM)


def _all_covered(sender: Sender, vendor: Vendor) -> bool:
    return all(_covered(network, vendor) for network in sender.networks)


def _covered(network: Network, vendor: Vendor) -> bool:
    return any(
        one.version == network.version and network.subnet_of(one)  # type: ignore[arg-type]
        for one in networks(vendor.addresses)
    )
