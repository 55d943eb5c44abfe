"""Over which internet, the old one (IPv4) or the new one (IPv6), can the mail hosts be reached?"""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.domain import Evidence, Gap, Network, NotApplicable, ProbeGroup, Target, Unobserved, Vendor
from diagnostics.probes.mx_addresses import MxAddresses
from diagnostics.registry import probe


@dataclass(frozen=True, slots=True)
class MxFamilies:
    """`sender_ipv6`: whether the vendor's profile lists an IPv6 address; None where it lists no addresses."""

    hosts: tuple[str, ...]
    ipv4: bool
    ipv6: bool
    sender_ipv6: bool | None = None

    @property
    def ipv6_only(self) -> bool:
        return self.ipv6 and not self.ipv4


@probe(group=ProbeGroup.DNS, observes=MxFamilies, needs=(MxAddresses,), timeout=2)
async def collect(target: Target, evidence: Evidence, net: Network) -> MxFamilies:
    """Have the mail hosts IPv4 addresses, IPv6 addresses, or both?"""
    mx = evidence[MxAddresses]
    addresses = [address for host in mx.usable for address in host.addresses]
    ipv4 = any(":" not in address for address in addresses)
    if not ipv4 and not mx.all_known:
        raise Unobserved(Gap.NOT_ALL_TRIED)
    if not addresses:
        raise NotApplicable(Gap.NO_MX)
    ipv6 = any(":" in address for address in addresses)
    return MxFamilies(tuple(host.name for host in mx.usable), ipv4, ipv6, _sends_over_ipv6(target.vendor))


def _sends_over_ipv6(vendor: Vendor) -> bool | None:
    listed = vendor.sending_addresses or vendor.addresses
    return any(":" in address for address in listed) if listed else None
