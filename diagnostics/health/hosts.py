"""Do our own hosts answer on their ports, from here?"""

from __future__ import annotations

import asyncio

from diagnostics.checks.ports import DOWN
from diagnostics.domain import Connection, ConnectOutcome, Network, Vendor
from diagnostics.probes import port25_control
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.probes.vendor_health import HealthItem, HealthKind, HealthState
from diagnostics.way_out import STOOD, WayOut, way_out


async def hosts(vendor: Vendor, net: Network) -> tuple[HealthItem, ...]:
    """One item for each host and port of the profile, as the probe `server_ports` connects to them.

    Where none takes a connection and nobody else does either, nothing is known about them.
    """
    wanted = [(host, port) for host in vendor.hosts for port in host.ports]
    found = await asyncio.gather(*(net.connect(host.name, port, tls=port in host.tls_ports) for host, port in wanted))
    in_doubt = way_out(ServerPorts(tuple(found))) is WayOut.CUT_OFF and not await _others_answer(vendor, net)
    return tuple(_item(one, in_doubt) for one in found)


async def _others_answer(vendor: Vendor, net: Network) -> bool:
    """Whether a test point of ours, or the mail host of the control domain, takes a connection."""
    tried = [net.connect(host.name, port) for host in vendor.responders for port in host.ports]
    if vendor.control_domain:
        tried.append(port25_control.reach(vendor.control_domain, net))
    return not STOOD.isdisjoint(one.outcome for one in await asyncio.gather(*tried))


def _item(one: Connection, in_doubt: bool) -> HealthItem:
    state = HealthState.FINE if one.outcome is ConnectOutcome.OPEN else HealthState.UNKNOWN
    if one.outcome in DOWN and (one.outcome is ConnectOutcome.DNS_FAILURE or not in_doubt):
        state = HealthState.PROBLEM
    detail = f"{one.outcome}: {one.detail}" if one.detail else str(one.outcome)
    return HealthItem(
        HealthKind.HOST, f"{one.host}:{one.port}", state, detail, {"host": one.host, "port": str(one.port)}
    )
