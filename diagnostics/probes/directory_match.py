"""Do the vendor's own records know the company and the address together?"""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.addresses import mask
from diagnostics.domain import Evidence, Membership, Network, ProbeGroup, Target
from diagnostics.probes.domain_status import DomainStatus
from diagnostics.registry import probe


@dataclass(frozen=True, slots=True)
class DirectoryMatch:
    """`near` is an address on file there that differs by a slip or two, masked (`a•••@example.org`): no more of it is
    kept.
    """

    membership: Membership
    near: str = ""


@probe(group=ProbeGroup.RECORDS, observes=DirectoryMatch, needs=(DomainStatus,))
async def collect(target: Target, evidence: Evidence, net: Network) -> DirectoryMatch:
    """Is the address an administrator's on the company's account?"""
    answer = await net.records.directory(target)
    return DirectoryMatch(answer.membership, mask(answer.near) if _may_be_told(answer.near, target, evidence) else "")


def _may_be_told(near: str, target: Target, evidence: Evidence) -> bool:
    """Not an address of somebody else's domain: whoever owns a lookalike could prove it by DNS and read the other.

    A domain that does not exist can be proved by nobody.
    """
    status = evidence.get(DomainStatus)
    gone = status is not None and not status.exists
    return bool(near) and (near.rpartition("@")[2] == target.domain or gone)
