"""Are our addresses and domains on a blocklist? Only lists that answer their own test entries rightly are believed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from diagnostics.domain import Vendor
from diagnostics.health.blocklists import Blocklist, Listing, blocklist, entry, read, trial_entries, works
from diagnostics.health.profile import all_domains, samples
from diagnostics.health.questions import Questions
from diagnostics.probes.vendor_health import HealthItem, HealthKind, HealthState


@dataclass(frozen=True, slots=True)
class Lists:
    """Zones of blocklists: of addresses, and of domains."""

    addresses: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


async def listings(vendor: Vendor, lists: Lists, questions: Questions) -> tuple[HealthItem, ...]:
    """One item for each subject on each list; one for a list that cannot be relied on."""
    addresses = [sample.address for sample in samples(vendor)]
    four = [one for one in addresses if ip_address(one).version == 4]
    six = [one for one in addresses if ip_address(one).version == 6]
    looks = [
        look
        for known in map(blocklist, lists.addresses)
        for look in (_look(known, four, questions), _look(known, six if known.ipv6 else (), questions, ipv6=True))
    ]
    names = all_domains(vendor)
    looks += [_look(blocklist(zone, of_domains=True), names, questions) for zone in lists.domains]
    return tuple(item for items in await asyncio.gather(*looks) for item in items)


async def _look(
    known: Blocklist, subjects: Iterable[str], questions: Questions, *, ipv6: bool = False
) -> list[HealthItem]:
    subjects = tuple(subjects)
    if not subjects:
        return []
    trials = await asyncio.gather(*(questions.ask(name, "A") for name in trial_entries(known, ipv6=ipv6)))
    reliable = works(known, *trials)
    if reliable.state is not HealthState.FINE:
        return [_item(known, known.zone, reliable)]
    answers = await asyncio.gather(*(questions.ask(entry(subject, known.zone), "A") for subject in subjects))
    return [_item(known, subject, read(known, answer)) for subject, answer in zip(subjects, answers, strict=True)]


def _item(known: Blocklist, subject: str, found: Listing) -> HealthItem:
    facts = {"list": known.name, "server": subject}
    if found.state is HealthState.PROBLEM:
        facts |= {"meaning": found.detail, "delist": known.delist, "weight": "wide" if known.widely_used else "minor"}
    return HealthItem(HealthKind.BLOCKLIST, subject, found.state, f"{known.name}: {found.detail}", facts)
