"""The real network: what probes are handed in production, and in front of the lab."""

from __future__ import annotations

import asyncio
import copy

from diagnostics.domain import (
    Connection,
    DirectoryAnswer,
    DnsAnswer,
    EchoFetch,
    Gap,
    NotApplicable,
    PolicyFetch,
    Records,
    SendHistory,
    SmtpConversation,
    SuppressionAnswer,
    Target,
)
from diagnostics.net.config import NetworkConfig
from diagnostics.net.dialer import DEFAULT_LIMITS as DIAL_LIMITS
from diagnostics.net.dialer import Dialer, DialLimits
from diagnostics.net.policy import PolicyFetcher
from diagnostics.net.resolver import DEFAULT_LIMITS as DNS_LIMITS
from diagnostics.net.resolver import DnsLimits, Resolver
from diagnostics.net.responder import fetch_echo
from diagnostics.net.smtp import SmtpProber
from diagnostics.net.wire import DEFAULT_LIMITS as SMTP_LIMITS
from diagnostics.net.wire import SmtpLimits


class NoRecords:
    """Implements `diagnostics.domain.Records` where the portal is connected to none."""

    async def directory(self, target: Target) -> DirectoryAnswer:
        raise NotApplicable(Gap.NOT_SET_UP)

    async def suppressions(self, target: Target) -> SuppressionAnswer:
        raise NotApplicable(Gap.NOT_SET_UP)

    async def events(self, target: Target) -> SendHistory:
        raise NotApplicable(Gap.NOT_SET_UP)


class LiveNetwork:
    """Implements `diagnostics.domain.Network`.

    Shared by all cases of a process, on one event loop (asyncio's or uvloop).
    """

    def __init__(
        self,
        config: NetworkConfig,
        *,
        dns: DnsLimits = DNS_LIMITS,
        dial: DialLimits = DIAL_LIMITS,
        smtp: SmtpLimits = SMTP_LIMITS,
    ) -> None:
        self.config = config
        self.resolver = Resolver(config, dns)
        self.dialer = Dialer(config, self.resolver, dial)
        self.prober = SmtpProber(self.dialer, smtp)
        self.policies = PolicyFetcher(self.dialer)
        self.records: Records = NoRecords()

    def with_records(self, records: Records) -> LiveNetwork:
        """The same network, and the vendor's records beside it."""
        both = copy.copy(self)
        both.records = records
        return both

    def resolve(
        self, name: str, rdtype: str, *, unchecked: bool = False, confirm: bool = True
    ) -> asyncio.Future[DnsAnswer]:
        """Within 5 seconds; kept for 30 seconds at most."""
        return self.resolver.resolve(name, rdtype, unchecked=unchecked, confirm=confirm)

    async def connect(self, host: str, port: int, *, tls: bool = False) -> Connection:
        """Within 5 seconds an address and 9 in all, the look-up and TLS not counted (5 seconds more each)."""
        return await self.dialer.connect(host, port, tls=tls)

    async def converse(self, host: str, addresses: tuple[str, ...]) -> SmtpConversation:
        """Within 20 seconds, the wait for other conversations with the same host not counted."""
        return await self.prober.converse(host, addresses)

    async def fetch_policy(self, domain: str) -> PolicyFetch:
        """Within 5 seconds, connecting not counted (as for `connect`)."""
        return await self.policies.fetch(domain)

    async def fetch_echo(self, host: str, port: int) -> EchoFetch:
        """Within 5 seconds, connecting not counted (as for `connect`)."""
        return await fetch_echo(self.dialer, host, port, self.config.responder_key)
