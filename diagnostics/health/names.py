"""Do the names and addresses of our mail servers lead to one another? Servers that take mail look (RFC 1912 2.1)."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

from diagnostics.domain import DnsStatus, Vendor
from diagnostics.health.profile import Sample, networks, samples
from diagnostics.health.questions import Questions
from diagnostics.probes.vendor_health import HealthItem, HealthKind, HealthState

MOST_NAMES = 5


async def names(vendor: Vendor, questions: Questions) -> tuple[HealthItem, ...]:
    """The reverse name of every sending address, and the address of every HELO name."""
    return tuple(
        await asyncio.gather(
            *(_reverse(sample, questions) for sample in samples(vendor)),
            *(_forward(name, vendor, questions) for name in vendor.helo_names),
        )
    )


async def _reverse(sample: Sample, questions: Questions) -> HealthItem:
    """A name that leads back to the address. Of a network's end that has none nobody knows whether it sends."""
    address = ip_address(sample.address)
    answer = await questions.ask(address.reverse_pointer, "PTR")
    wanting = HealthState.UNKNOWN if sample.network else HealthState.PROBLEM
    if answer.status is DnsStatus.UNANSWERED:
        return _item(sample.address, HealthState.UNKNOWN, "no answer")
    if not answer.records:
        return _item(sample.address, wanting, "no name (PTR)")
    found = [record.rstrip(".") for record in answer.records[:MOST_NAMES]]
    silent = False
    for name in found:
        forward = await questions.ask(name, "A" if address.version == 4 else "AAAA")
        if any(ip_address(record) == address for record in forward.records):
            return _item(sample.address, HealthState.FINE, name)
        silent |= forward.status is DnsStatus.UNANSWERED
    detail = f"{', '.join(found)} does not lead back to the address"
    return _item(sample.address, HealthState.UNKNOWN if silent else wanting, detail)


async def _forward(name: str, vendor: Vendor, questions: Questions) -> HealthItem:
    """A HELO name leads to an address that we send from (RFC 5321 section 2.3.5)."""
    answers = await asyncio.gather(questions.ask(name, "A"), questions.ask(name, "AAAA"))
    addresses = [record for answer in answers for record in answer.records]
    ours = networks(vendor.sending_addresses or vendor.addresses)
    if any(ip_address(one) in network for one in addresses for network in ours):
        return _item(name, HealthState.FINE, ", ".join(addresses), "helo")
    if any(answer.status is DnsStatus.UNANSWERED for answer in answers):
        return _item(name, HealthState.UNKNOWN, "no answer", "helo")
    detail = f"leads to {', '.join(addresses)}, which we do not send from" if addresses else "the name has no address"
    return _item(name, HealthState.PROBLEM, detail, "helo")


def _item(subject: str, state: HealthState, detail: str, what: str = "server") -> HealthItem:
    return HealthItem(HealthKind.PTR, subject, state, detail, {what: subject})
