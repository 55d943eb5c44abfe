"""Can we reach port 25 anywhere? Without this, our own blocked egress would look like their closed MX."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.domain import Connection, ConnectOutcome, Evidence, Gap, Network, NotApplicable, ProbeGroup, Target
from diagnostics.probes.mx import host_of
from diagnostics.registry import probe


@dataclass(frozen=True, slots=True)
class Port25Control:
    """The connection to the MX of the vendor's own control domain.

    Only `open` says anything about us; else our way out is in doubt.
    """

    connection: Connection

    @property
    def works(self) -> bool:
        return self.connection.outcome is ConnectOutcome.OPEN


@probe(group=ProbeGroup.DELIVERY, observes=Port25Control, timeout=15)
async def collect(target: Target, evidence: Evidence, net: Network) -> Port25Control:
    """Does the vendor's own mail host take our connection on port 25?"""
    domain = target.vendor.control_domain
    if not domain:
        raise NotApplicable(Gap.NO_CONTROL)
    return Port25Control(await reach(domain, net))


async def reach(control_domain: str, net: Network) -> Connection:
    """Connect to its first mail host on port 25."""
    answer = await net.resolve(control_domain, "MX")
    names = [host_of(record).name for record in answer.records] or [control_domain]
    return await net.connect(names[0], 25)
