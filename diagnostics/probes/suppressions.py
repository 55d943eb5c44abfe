"""Has the sending service stopped sending to the address?"""

from __future__ import annotations

from diagnostics.domain import Evidence, Network, ProbeGroup, SuppressionAnswer, Target
from diagnostics.registry import probe


@probe(group=ProbeGroup.RECORDS, observes=SuppressionAnswer, timeout=15.0)
async def collect(target: Target, evidence: Evidence, net: Network) -> SuppressionAnswer:
    """Is the address on a list of those that our sending service no longer sends to?"""
    return await net.records.suppressions(target)
