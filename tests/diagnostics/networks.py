"""The network as a dictionary: a question that nobody prepared fails the test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from diagnostics.domain import (
    Address,
    Connection,
    DnsAnswer,
    DnsStatus,
    Records,
    SmtpConversation,
    Target,
    Vendor,
    VendorHost,
)
from diagnostics.net.live import NoRecords

VENDOR = Vendor(
    slug="timeclock",
    name="Timeclock",
    senders=("codes@timeclock.example.net",),
    hosts=(VendorHost("clock.example.net", (80, 443), (443,)),),
    ports=(80, 443),
    control_domain="timeclock.example.net",
)


def target(address: str = "anna@example.org", vendor: Vendor = VENDOR) -> Target:
    local_part, _, domain = address.rpartition("@")
    return Target(Address(local_part, domain), vendor)


@dataclass
class WrittenNetwork:
    """`dns` by (name, type): a tuple of records, or the status where there are none."""

    dns: Mapping[tuple[str, str], tuple[str, ...] | DnsStatus] = field(default_factory=dict)
    connections: Mapping[tuple[str, int], Connection] = field(default_factory=dict)
    conversations: Mapping[str, SmtpConversation] = field(default_factory=dict)
    records: Records = field(default_factory=NoRecords)

    async def resolve(self, name: str, rdtype: str) -> DnsAnswer:
        prepared = self.dns[name, rdtype]
        return DnsAnswer(prepared) if isinstance(prepared, DnsStatus) else DnsAnswer(DnsStatus.OK, prepared)

    async def connect(self, host: str, port: int, *, tls: bool = False) -> Connection:
        return self.connections[host, port]

    async def converse(self, host: str, addresses: tuple[str, ...]) -> SmtpConversation:
        return self.conversations[host]
