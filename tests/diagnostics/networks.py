"""The network as a dictionary: a question that nobody prepared fails the test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from diagnostics.domain import (
    Address,
    Connection,
    DnsAnswer,
    DnsStatus,
    EchoFetch,
    PolicyFetch,
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
    """`dns` by (name, type): a tuple of records, the status where there are none, or the whole answer.

    `unchecked` is what is answered where DNSSEC is left aside, where that differs.
    """

    dns: Mapping[tuple[str, str], tuple[str, ...] | DnsStatus | DnsAnswer] = field(default_factory=dict)
    connections: Mapping[tuple[str, int], Connection] = field(default_factory=dict)
    conversations: Mapping[str, SmtpConversation] = field(default_factory=dict)
    records: Records = field(default_factory=NoRecords)
    unchecked: Mapping[tuple[str, str], tuple[str, ...] | DnsStatus | DnsAnswer] = field(default_factory=dict)
    policies: Mapping[str, PolicyFetch] = field(default_factory=dict)
    echoes: Mapping[tuple[str, int], EchoFetch] = field(default_factory=dict)

    async def resolve(self, name: str, rdtype: str, *, unchecked: bool = False, confirm: bool = True) -> DnsAnswer:
        prepared = (unchecked and self.unchecked.get((name, rdtype))) or self.dns[name, rdtype]
        if isinstance(prepared, DnsAnswer):
            return prepared
        return DnsAnswer(prepared) if isinstance(prepared, DnsStatus) else DnsAnswer(DnsStatus.OK, prepared)

    async def connect(self, host: str, port: int, *, tls: bool = False) -> Connection:
        return self.connections[host, port]

    async def converse(self, host: str, addresses: tuple[str, ...]) -> SmtpConversation:
        return self.conversations[host]

    async def fetch_policy(self, domain: str) -> PolicyFetch:
        return self.policies[domain]

    async def fetch_echo(self, host: str, port: int) -> EchoFetch:
        return self.echoes[host, port]
