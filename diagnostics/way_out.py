"""Did our own network work while a run looked? Where nobody was reached at all, the silence is our own.

Checks name `CONTROLS`, or some of them, as their controls, and call nobody down by silence alone. They ask only where
that matters: who asks waits for the controls.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from diagnostics.domain import ConnectOutcome
from diagnostics.probes.mta_sts_policy import MtaStsPolicy
from diagnostics.probes.mx_conversations import MxConversations
from diagnostics.probes.port25_control import Port25Control
from diagnostics.probes.responders import Responders
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.registry import PENDING, StillPending

OUR_HOSTS = (ServerPorts, Responders)
"""The vendor's own, at whom no customer's silence shows."""
CONTROLS = (*OUR_HOSTS, Port25Control, MxConversations, MtaStsPolicy)
"""All that connects to somebody. Answers to DNS questions are not among it: a cache gives them, too, this portal's or
its name server's.
"""
STOOD = frozenset({ConnectOutcome.OPEN, ConnectOutcome.TLS_FAILURE})
"""Somebody took the connection. A refusal is no such proof: our own firewall may be who refuses."""
NOT_TRIED = frozenset({ConnectOutcome.DNS_FAILURE, ConnectOutcome.NOT_PUBLIC})
"""There was no address to send a packet to."""


class WayOut(StrEnum):
    WORKS = "works"
    CUT_OFF = "cut_off"
    """Nobody who was tried took a connection."""
    UNKNOWN = "unknown"
    """Nobody was tried."""


def way_out(*controls: object | None) -> WayOut:
    """Of our own network, as these observations show it; None among them are those that there are not.

    Raises StillPending where one that is still to come may change that.
    """
    outcomes = {outcome for control in controls for outcome in _outcomes(control)}
    if outcomes & STOOD:
        return WayOut.WORKS
    if PENDING in controls:
        raise StillPending
    return WayOut.CUT_OFF if outcomes - NOT_TRIED else WayOut.UNKNOWN


def _outcomes(control: object | None) -> Iterable[ConnectOutcome]:
    match control:
        case ServerPorts():
            return (one.outcome for one in control.connections)
        case Responders():
            return (one.outcome for one in control.ports)
        case MxConversations():
            return (one.outcome for one in control.conversations)
        case Port25Control():
            return (control.connection.outcome,)
        case MtaStsPolicy(fetched=ConnectOutcome() as fetched):
            return (fetched,)
    return ()
