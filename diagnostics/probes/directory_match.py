"""Do the vendor's own records know the company and the address together?"""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.addresses import mask
from diagnostics.domain import Evidence, Membership, Network, ProbeGroup, Target
from diagnostics.registry import probe


@dataclass(frozen=True, slots=True)
class DirectoryMatch:
    """`near` is an address on file there that differs by a slip or two, masked (`a•••@example.org`): no more of it is
    kept.
    """

    membership: Membership
    near: str = ""


@probe(group=ProbeGroup.RECORDS, observes=DirectoryMatch, timeout=5)
async def collect(target: Target, evidence: Evidence, net: Network) -> DirectoryMatch:
    """Is the address an administrator's on the company's account?"""
    answer = await net.records.directory(target)
    return DirectoryMatch(answer.membership, mask(answer.near) if answer.near else "")
