"""Are the vendor's own hosts and ports up, seen from this server?"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from diagnostics.domain import Connection, ConnectOutcome, Evidence, Gap, Network, NotApplicable, ProbeGroup, Target
from diagnostics.registry import probe

UP_OR_UNKNOWN = frozenset({ConnectOutcome.OPEN, ConnectOutcome.DNS_UNANSWERED, ConnectOutcome.NOT_PUBLIC})


@dataclass(frozen=True, slots=True)
class ServerPorts:
    """One connection for each host and port of the vendor profile, in its order."""

    connections: tuple[Connection, ...]

    @property
    def shut(self) -> frozenset[int]:
        """Ports that no host answers at."""
        up = {one.port for one in self.connections if one.outcome in UP_OR_UNKNOWN}
        return frozenset({one.port for one in self.connections} - up)


@probe(group=ProbeGroup.PORTS, observes=ServerPorts, timeout=20)
async def collect(target: Target, evidence: Evidence, net: Network) -> ServerPorts:
    """Do the vendor's hosts answer on the ports of the article?"""
    wanted = [(host, port) for host in target.vendor.hosts for port in host.ports]
    if not wanted:
        raise NotApplicable(Gap.NO_HOSTS)
    return ServerPorts(
        tuple(
            await asyncio.gather(*(net.connect(host.name, port, tls=port in host.tls_ports) for host, port in wanted))
        )
    )
