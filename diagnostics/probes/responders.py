"""Are our own port responders up, seen from this server? Else a customer's firewall would be blamed for our outage."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from diagnostics.domain import ConnectOutcome, Evidence, Gap, Network, NotApplicable, ProbeGroup, Target
from diagnostics.registry import probe


@dataclass(frozen=True, slots=True)
class ResponderPort:
    """One port of one responder, as our server sees it."""

    host: str
    port: int
    outcome: ConnectOutcome
    echoed: bool
    detail: str = ""
    issuer: str = ""
    address: str = ""
    """Where our server found it."""


@dataclass(frozen=True, slots=True)
class Responders:
    """Every port of every responder of the vendor profile, in its order."""

    ports: tuple[ResponderPort, ...]

    def up(self, host: str, port: int) -> bool:
        return any(one.echoed for one in self.ports if (one.host, one.port) == (host, port))


@probe(group=ProbeGroup.PORTS, observes=Responders, timeout=20)
async def collect(target: Target, evidence: Evidence, net: Network) -> Responders:
    """Do our own test points answer?"""
    wanted = [(host.name, port) for host in target.vendor.responders for port in host.ports]
    if not wanted:
        raise NotApplicable(Gap.NO_RESPONDER)
    fetched = await asyncio.gather(*(net.fetch_echo(host, port) for host, port in wanted))
    return Responders(
        tuple(
            ResponderPort(host, port, one.outcome, one.echoed, one.detail, one.issuer, one.address)
            for (host, port), one in zip(wanted, fetched, strict=True)
        )
    )
