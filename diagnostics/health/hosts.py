"""Do our own hosts answer on their ports, from here?"""

from __future__ import annotations

import asyncio

from diagnostics.checks.ports import DOWN
from diagnostics.domain import Connection, ConnectOutcome, Network, Vendor
from diagnostics.probes.vendor_health import HealthItem, HealthKind, HealthState


async def hosts(vendor: Vendor, net: Network) -> tuple[HealthItem, ...]:
    """One item for each host and port of the profile, as the probe `server_ports` connects to them."""
    wanted = [(host, port) for host in vendor.hosts for port in host.ports]
    found = await asyncio.gather(*(net.connect(host.name, port, tls=port in host.tls_ports) for host, port in wanted))
    return tuple(map(_item, found))


def _item(one: Connection) -> HealthItem:
    state = HealthState.FINE if one.outcome is ConnectOutcome.OPEN else HealthState.UNKNOWN
    if one.outcome in DOWN:
        state = HealthState.PROBLEM
    detail = f"{one.outcome}: {one.detail}" if one.detail else str(one.outcome)
    return HealthItem(
        HealthKind.HOST, f"{one.host}:{one.port}", state, detail, {"host": one.host, "port": str(one.port)}
    )
