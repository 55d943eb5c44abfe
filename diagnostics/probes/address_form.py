"""Does the address look like a slip of the finger?"""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.addresses import suggest
from diagnostics.domain import Evidence, Network, ProbeGroup, Target
from diagnostics.registry import probe


@dataclass(frozen=True, slots=True)
class AddressForm:
    """`suggestion` is the whole address that was probably meant; empty where nothing is close."""

    domain: str
    suggestion: str = ""


@probe(group=ProbeGroup.DNS, observes=AddressForm, timeout=2)
async def collect(target: Target, evidence: Evidence, net: Network) -> AddressForm:
    """Is the domain one slip away from a well-known one?"""
    return AddressForm(target.domain, suggest(str(target.address)) or "")
