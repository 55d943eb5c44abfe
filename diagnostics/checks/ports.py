"""Are our own hosts up? Asked before the customer's network is looked at."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.domain import Connection, ConnectOutcome, Finding, Gap, Unobserved, proves
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.registry import check
from diagnostics.way_out import CONTROLS, WayOut, way_out

DOWN = frozenset(
    {
        ConnectOutcome.REFUSED,
        ConnectOutcome.FILTERED,
        ConnectOutcome.UNREACHABLE,
        ConnectOutcome.DNS_FAILURE,
        ConnectOutcome.TLS_FAILURE,
    }
)


@check(ServerPorts, answers="ports", emits={"ports.host-down", "ports.blocked"}, controls=CONTROLS)
def our_hosts_answer(ports: ServerPorts, *controls: object | None) -> Iterator[Finding]:
    """From our server: a host with no port open is down; with some open, the others are blocked on our side.

    A host whose name leads nowhere is down by that alone; of any other somebody must have been reached meanwhile.
    """
    in_doubt = any(one.outcome in DOWN - {ConnectOutcome.DNS_FAILURE} for one in ports.connections)
    cut_off = in_doubt and way_out(ports, *controls) is not WayOut.WORKS
    by_host: dict[str, list[Connection]] = {}
    for connection in ports.connections:
        by_host.setdefault(connection.host, []).append(connection)
    found = False
    for host, connections in by_host.items():
        down = [connection for connection in connections if connection.outcome in DOWN]
        if not down or (cut_off and any(one.outcome is not ConnectOutcome.DNS_FAILURE for one in down)):
            continue
        found = True
        if len(down) == len(connections):
            yield proves("ports.host-down", host=host)
        else:
            yield proves("ports.blocked", host=host, ports=", ".join(str(connection.port) for connection in down))
    if not found and (shut := {one.outcome for one in ports.connections} - {ConnectOutcome.OPEN}):
        raise Unobserved(Gap.RESOLVER_SILENT if shut.isdisjoint(DOWN) else Gap.EGRESS_BLOCKED)
