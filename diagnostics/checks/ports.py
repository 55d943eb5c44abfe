"""Are our own hosts up? Asked before the customer's network is looked at."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.domain import Connection, ConnectOutcome, Finding, Gap, Unobserved, proves
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.registry import check

DOWN = frozenset(
    {
        ConnectOutcome.REFUSED,
        ConnectOutcome.FILTERED,
        ConnectOutcome.UNREACHABLE,
        ConnectOutcome.DNS_FAILURE,
        ConnectOutcome.TLS_FAILURE,
    }
)


@check(ServerPorts, answers="ports", emits={"ports.host-down", "ports.blocked"})
def our_hosts_answer(ports: ServerPorts) -> Iterator[Finding]:
    """From our server: a host with no port open is down; with some open, the others are blocked on our side."""
    if all(connection.outcome not in DOWN for connection in ports.connections) and any(
        connection.outcome is not ConnectOutcome.OPEN for connection in ports.connections
    ):
        raise Unobserved(Gap.RESOLVER_SILENT)
    by_host: dict[str, list[Connection]] = {}
    for connection in ports.connections:
        by_host.setdefault(connection.host, []).append(connection)
    for host, connections in by_host.items():
        down = [connection for connection in connections if connection.outcome in DOWN]
        if len(down) == len(connections):
            yield proves("ports.host-down", host=host)
        elif down:
            yield proves("ports.blocked", host=host, ports=", ".join(str(connection.port) for connection in down))
